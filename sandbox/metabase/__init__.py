"""A stand-in Metabase (open source, 0.65): the endpoints of contract.json over HTTP, with state.

Every request is held against the contract; one that breaks it is refused as Metabase refuses what it does check. Every
success is held against it too. Questions run on the real PostgreSQL as the role that the database's details name, in
read-only transactions, so that a broken question is answered `failed`. No mail is ever sent: an outbox keeps what would
be. The traps that the vendor documents are kept: what is given back is MBQL 5, a dashboard's save renames and refills
its subscriptions, a new collection inherits its parent's permissions, All Users may curate root.

In tests, the fixture `metabase` (tests/conftest.py) gives a `sandbox.metabase.server.LocalMetabase`:

    metabase.url, metabase.api_key      for Settings(metabase_url=..., metabase_api_key=...) and for other clients
    metabase.writes                     requests that were to change something: `plan` leaves it empty
    metabase.exchanges, .refusals       all requests, those answered with an error; `forget()` starts anew
    metabase.mails                      what Metabase would have mailed: must stay empty
    metabase.store.all("card")          what it remembers, by kind: database, table, field, collection, card, dashboard,
                                        dashcard, tab, pulse, notification, group, membership, user, api_key, setting
    metabase.wait()                     until syncs, which run in the background, are done, and requests too whose
                                        clients have lost patience
    metabase.fail("card.create", 503, times=2, retry_after=1)
    metabase.drop("card.create")        the connection breaks after the card was kept (when="before": before)
    metabase.delay("dashboard.update", seconds=2)

Names of endpoints are the contract's ids. At the end the fixture fails the test if an answer broke the contract or the
stand-in itself failed. `python -m sandbox start` runs it as a process of its own.
"""
