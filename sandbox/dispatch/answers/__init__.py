"""The answer key of the dispatch migration: read from the databases, judged by `rules`, written as CSV."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from loaders.database import fetch_value
from sandbox.dispatch.answers import rules
from sandbox.dispatch.answers.lookups import read_lookups
from sandbox.dispatch.answers.notifications import by_filter, notification
from sandbox.dispatch.answers.rules import Answers, Lookups, Row
from sandbox.dispatch.databases import Databases
from sandbox.dispatch.generator.notifications import PLANTED
from sandbox.generator.answers import Answer, Planted, written

NOTIFICATIONS = "dispatch_notification"
# Of the notifications that nobody planted, each of so many has lines of its own.
SAMPLED = 1000


def write_answers(databases: Databases, folder: Path) -> None:
    """Write the answer key for the source as it is, in place of what is there.

    Args:
        databases: filled; the target's phase 7 may be published already or not.
        folder: gets `<table>.csv` and `counts/dispatch_notification.csv`.
    """
    with databases.source() as source, databases.target() as target:
        find = read_lookups(source, target)
        write_judged(source, find, small_answers(source, find), folder)
        source.rollback()


def write_judged(
    source: psycopg.Connection, find: Lookups, judged: Mapping[str, Mapping[str, Answers]], folder: Path
) -> None:
    """Write the answer key from answers by table and key, and the notifications that the source has."""
    shutil.rmtree(folder, ignore_errors=True)
    for table, answered in judged.items():
        _write(folder, table, answered.items())
    _write(folder, NOTIFICATIONS, _notifications(source, find))
    counts = count_notifications(source, find)
    (folder / "counts").mkdir()
    with (folder / "counts" / f"{NOTIFICATIONS}.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("option", "disposition", "reason_code", "rows"))
        lines.writerows((*outcome, rows) for outcome, rows in sorted(counts.items()))


def small_answers(source: psycopg.Connection, find: Lookups) -> dict[str, dict[str, Answers]]:
    """Answers by table and key, of every table but the notifications."""
    payments = _judged(source, "dispatch_payment", lambda row: rules.payment(row, find))
    published = frozenset(key for key, answers in payments.items() if answers[""].disposition == "publish")
    pairs: set[tuple[str, str]] = set()
    return {
        "dispatch_payment": payments,
        "dispatch_operation": _judged(source, "dispatch_operation", lambda row: rules.operation(row, published)),
        "dispatch_template_products": _judged(
            source, "dispatch_template_products", lambda row: rules.template_product(row, find, pairs)
        ),
        "dispatch_template_view_groups": _judged(
            source, "dispatch_template_view_groups", lambda row: rules.template_view_group(row, find)
        ),
        "auth_user": _judged(source, "auth_user", lambda row: rules.technician(row, find)),
        "dispatch_instruction": _judged(source, "dispatch_instruction", lambda row: rules.shipment(row, find)),
        "auth_group": _judged(source, "auth_group", rules.team),
        "dispatch_note": _judged(source, "dispatch_note", lambda row: rules.communication(row, find)),
    }


def count_notifications(source: psycopg.Connection, find: Lookups) -> Counter[tuple[str, str, str]]:
    """Notifications by option, disposition and reason: the planted ones judged, the bulk counted by PostgreSQL.

    A context of the bulk is sound, and missing only where its template needs none; a test holds the generator to that.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in text_rows(source, NOTIFICATIONS, f"id <= {PLANTED}"):
        _count(counts, notification(row, find), 1)
    source.execute("create temporary table profiled (id integer) on commit drop")
    source.execute("create temporary table ordered (id integer) on commit drop")
    for table, keys in (("profiled", find.profiles), ("ordered", find.orders)):
        with source.cursor().copy(f"copy {table} from stdin") as copy:
            copy.write("".join(f"{key}\n" for key in keys))
    instruction = next(key for key, model in find.models.items() if model == ("dispatch", "instruction"))
    for send, sent, has_profile, has_order, rows in source.execute(
        _BULK_COUNTS, {"planted": PLANTED, "instruction": instruction}
    ):
        found = Answer("publish", "mapped" if has_order else "item_without_order")
        if not has_profile:
            found = Answer("reject", "recipient_absent")
        left_out = Answer("skip", "not_to_send")
        unsent = {"all": found, "send": left_out, "sent_and_send": left_out}
        answers = by_filter(found, Answer("skip", "not_sent"), is_sent=sent) if send else unsent
        _count(counts, answers, rows)
    return counts


_BULK_COUNTS = """
select
    send,
    coalesce(sent, false) as sent,
    profiled.id is not null as has_profile,
    item_type_id is distinct from %(instruction)s or item_id is null or ordered.id is not null as has_order,
    count(*)
from dispatch_notification
left join profiled on profiled.id = recipient_id
left join ordered on ordered.id = item_id and item_type_id = %(instruction)s
where dispatch_notification.id > %(planted)s
group by 1, 2, 3, 4
"""
FILTERS = ("all", "send", "sent_and_send")


def _count(counts: Counter[tuple[str, str, str]], answers: Answers, rows: int) -> None:
    for option in FILTERS:
        answer = answers.get(option) or answers[""]
        counts[option, answer.disposition, answer.reason_code] += rows


def _notifications(source: psycopg.Connection, find: Lookups) -> Iterator[tuple[str, Answers]]:
    for row in text_rows(source, NOTIFICATIONS, f"id <= {PLANTED} or id % {SAMPLED} = 0"):
        yield str(row["id"]), notification(row, find)


def _judged(source: psycopg.Connection, table: str, judge: Callable[[Row], Answers]) -> dict[str, Answers]:
    return {str(row["id"]): judge(row) for row in text_rows(source, table)}


def text_rows(connection: psycopg.Connection, table: str, condition: str = "true") -> Iterator[Row]:
    """Rows by key, each value as the text that PostgreSQL prints."""
    names = fetch_value(
        connection,
        "select array_agg(column_name::text order by ordinal_position) from information_schema.columns"
        " where table_schema = 'public' and table_name = %s",
        [table],
    )
    columns = sql.SQL(", ").join(sql.SQL("{0}::text as {0}").format(sql.Identifier(name)) for name in names)
    statement = sql.SQL("select {} from {} as row where {} order by row.id").format(
        columns, sql.Identifier("public", table), sql.SQL(condition)
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        yield from cursor.execute(statement)


def _write(folder: Path, table: str, answered: Iterable[tuple[str, Answers]]) -> None:
    for _ in written(folder, table, (Planted((), answers, key) for key, answers in answered)):
        pass
