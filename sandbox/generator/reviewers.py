"""Rows of `reviewer_address` with their answers, and Area 2's AccountEmails: the planted ones, then the bulk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.generator import names, php, times
from sandbox.generator.answers import AccountEmail, Answer, Planted, Target, planted
from sandbox.generator.plan import Dice
from sandbox.generator.population import ABSENT
from sandbox.generator.reviewer_plants import PLANTS, Reviewer
from sandbox.generator.world import World

_COLUMNS = ("reviewer_address_id", "customer_id", "type", "level", "email_string", "create_time")


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table, in order of their key."""
    for at, plant in enumerate(PLANTS):
        yield _planted(world, at, plant)
    dice = world.dice("reviewer_address")
    for at in range(world.plan.rows_of("reviewer_address") - len(PLANTS)):
        yield _bulk(world, dice, at)


def account_emails(world: World) -> Iterator[tuple[int, str, str]]:
    """(account index, address, email_type) of the AccountEmails of Area 2."""
    for account in range(world.accounts.count):
        yield account, f"office.{account}@accounts.example.com", "primary"
    for at, plant in enumerate(PLANTS):
        account = _account_of_plant(world, at, plant)
        for address, email_type in plant.present:
            yield account, address, email_type
        if plant.present_elsewhere:
            yield (account + 1) % world.accounts.count, plant.present_elsewhere, "reviewer"
    dice = world.dice("reviewer_address")
    for at in range(world.plan.rows_of("reviewer_address") - len(PLANTS)):
        for address in _case(dice, at).present:
            yield at % world.accounts.count, address, "reviewer"


def _account_of_plant(world: World, at: int, plant: Reviewer) -> int:
    return at % world.accounts.count if plant.account is None else plant.account


def _planted(world: World, at: int, plant: Reviewer) -> Planted:
    account = _account_of_plant(world, at, plant)
    source: dict[str, Any] = {
        "reviewer_address_id": at + 1,
        "customer_id": world.accounts.legacy(account),
        "type": "",
        "level": 0,
        "email_string": plant.payload,
        "create_time": "2020-07-15 14:05:09",
        **plant.columns,
    }
    answer = Answer(*plant.outcome, _expected(world, account, plant.published))
    return planted(tuple(source[column] for column in _COLUMNS), answer)


def _expected(world: World, account: int, addresses: tuple[str, ...]) -> tuple[Target, ...]:
    account_id = str(world.accounts.target(account))
    return tuple(
        Target(AccountEmail, {"account_id": account_id, "email": address, "email_type": "reviewer"})
        for address in addresses
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What one row of the bulk holds."""

    outcome: tuple[str, str]
    payload: bytes | None
    published: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    account_is_absent: bool = False


_EMPTY = (
    (("skip", "payload_php_null"), b"N;"),
    (("skip", "payload_php_null"), b"N;"),
    (("skip", "payload_blank"), b""),
    (("skip", "payload_null"), None),
    (("skip", "payload_empty_list"), b"a:0:{}"),
)


def _bulk(world: World, dice: Dice, at: int) -> Planted:
    case, account = _case(dice, at), at % world.accounts.count
    customer = ABSENT if case.account_is_absent else world.accounts.legacy(account)
    values = (len(PLANTS) + at + 1, customer, "", 0, case.payload, times.local(dice, at, 20))
    return planted(values, Answer(*case.outcome, _expected(world, account, case.published)))


def _case(dice: Dice, at: int) -> _Case:
    """Half of the bulk is there already, a third is new, the rest is empty or damaged."""
    addresses = tuple(f"{part}.{names.address(dice, at, 2)}" for part in "abc")[: 1 + dice.roll(at, 1, 3)]
    lot = dice.roll(at, 0, 100)
    if lot < 50:
        return _Case(("already_present", "same_address"), php.strings(addresses), present=addresses)
    if lot < 86:
        return _new_addresses(lot, addresses)
    if lot < 94:
        return _Case(*_EMPTY[dice.roll(at, 10, len(_EMPTY))])
    if lot < 96:
        return _Case(("reject", "account_absent"), php.strings(addresses), account_is_absent=True)
    is_bare = lot < 98
    payload = addresses[0].encode() if is_bare else php.strings(addresses)[:-2]
    return _Case(("reject", "payload_bare_address" if is_bare else "payload_truncated"), payload)


def _new_addresses(lot: int, addresses: tuple[str, ...]) -> _Case:
    if lot < 78:
        return _Case(("publish", "mapped"), php.strings(addresses), published=addresses)
    if lot < 83:
        other = f"present.{addresses[0]}"
        return _Case(("publish", "mapped"), php.strings((*addresses, other)), published=addresses, present=(other,))
    return _Case(("publish", "partly_rejected"), php.strings((*addresses, "no address")), published=addresses)
