"""What the target would refuse, found set by set before the first write, and turned into rejects with reasons.

The database stays the judge: whatever a gate cannot see (a race, a trigger, an exclusion constraint) is found by
bisection. The gates exist so that the reject budget is known before a model starts, and so that many bad rows cost one
query instead of one bisection each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from loaders.publish.catalogue import Check, Column, ForeignKey, UniqueKey
from loaders.publish.frozen import RAISED, FrozenModel, differ
from loaders.publish.places import places_claimed_once, places_free, places_unclaimed
from loaders.publish.query import only_row, relation_sql

PARENT_VANISHED, CONSTRAINT_VIOLATION = "parent_vanished", "constraint_violation"
VALUE_NOT_IN_CHOICES, FILE_NOT_TRANSFERRED = "value_not_in_choices", "file_not_transferred"
PARENT_NOT_PUBLISHED = "parent_not_published"


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule. `select` yields (legacy_key, reason_code) of the rows of `pending` that break it.

    Attributes:
        condition: SQL for "this row breaks it", where the row alone decides.
        keys: what rows that keep it differ in, as CREATE UNIQUE INDEX has it after the table's name.
    """

    stage: str
    column: str
    sqlstate: str | None
    select: sql.Composable
    condition: sql.Composable | None = None
    keys: sql.Composable | None = None


def run_gates(connection: psycopg.Connection, frozen: FrozenModel, expected: Sequence[FrozenModel] = ()) -> None:
    """Write the gates' verdicts into the model's table of rejects; the first gate that a row fails gives its reason.

    Args:
        connection: in a transaction.
        frozen: the model.
        expected: models whose pending rows, but for their rejects, are going to be published before it.
    """
    for gate in _broken(connection, frozen, list(gates(frozen, expected))):
        statement = sql.SQL("""
            with pending as (
                select pending.* from {pending} as pending
                where not exists (select from {rejected} as rejected where rejected.legacy_key = pending.legacy_key)
            )
            insert into {rejected} (legacy_key, stage, reason_code, column_name, sqlstate)
            select distinct legacy_key, {stage}, reason_code, {column}, {sqlstate} from ({select}) as verdict
        """).format(
            pending=frozen.pending,
            rejected=frozen.rejected,
            stage=gate.stage,
            column=gate.column,
            sqlstate=gate.sqlstate,
            select=gate.select,
        )
        try:
            with connection.transaction():
                connection.execute(statement)
        except RAISED:
            # An expression of the target's that raises on some value: on which one, bisection finds out.
            continue
    connection.execute(sql.SQL("analyze {}").format(frozen.rejected))


def _broken(connection: psycopg.Connection, frozen: FrozenModel, rules: Sequence[Gate]) -> Iterator[Gate]:
    """The rules that some row breaks, as far as a look at all rows tells: one for all rules of single rows together.

    A look reads only, so that several processes share it; most of the time it finds nothing, and nothing is written.
    """
    singles = [rule for rule in rules if rule.condition is not None]
    conditions = [sql.SQL("bool_or({})").format(rule.condition) for rule in singles]
    looks: list[tuple[list[Gate], sql.Composable]] = [
        ([rule], sql.SQL("select count(*) > 0 from ({}) as verdict").format(rule.select))
        for rule in rules
        if rule.condition is None and rule.keys is None
    ]
    if conditions:
        looks.append((singles, sql.SQL("select {} from pending").format(sql.SQL(", ").join(conditions))))
    unbroken = [id(rule) for rule in rules if rule.keys is not None and differ(connection, frozen, rule.keys)]
    for looked_for, select in looks:
        statement = sql.SQL("with pending as (select * from {}) {}").format(frozen.pending, select)
        # An expression of the target's that raises on some value leaves its rules to be asked one by one.
        with suppress(*RAISED), connection.transaction():
            verdicts = only_row(connection.execute(statement))
            unbroken += [id(rule) for rule, is_broken in zip(looked_for, verdicts, strict=True) if not is_broken]
    yield from (rule for rule in rules if id(rule) not in unbroken)


def gates(frozen: FrozenModel, expected: Sequence[FrozenModel] = ()) -> Iterator[Gate]:
    """The rules that a model's pending rows have to pass, in the order in which they give reasons."""
    contract, target = frozen.contract, frozen.target
    if contract.meta.requires_verified_file is not None:
        yield _verified_file(frozen, contract.meta.requires_verified_file)
    yield from _value_gates(frozen)
    if contract.meta.resolve is not None:
        yield _parent_published(frozen, expected)
    yield from live_gates(frozen, expected)
    if frozen.merges:
        yield Gate("publish", "json_path", None, places_claimed_once())
        return
    if contract.meta.mode == "update":
        yield _claimed_once()
    names = set(contract.columns)
    for check in target.checks:
        if names.issuperset(check.columns):
            yield _check_gate(check)
    if contract.meta.mode == "insert":
        for unique_key in target.unique_keys:
            if names.issuperset(unique_key.columns):
                yield from _unique_gates(frozen, unique_key)


def _value_gates(frozen: FrozenModel) -> Iterator[Gate]:
    contract, target = frozen.contract, frozen.target
    for column in (target.columns[name] for name in contract.columns):
        name = sql.Identifier(column.name)
        if column.is_required or frozen.merges:
            yield _row_gate(column, errors.NotNullViolation.sqlstate, sql.SQL("{} is null").format(name))
        if column.length is not None:
            too_long = sql.SQL("char_length({}) > {}").format(name, column.length)
            yield _row_gate(column, errors.StringDataRightTruncation.sqlstate, too_long)
        if column.precision is not None:
            yield _row_gate(column, errors.NumericValueOutOfRange.sqlstate, _numeric_overflow(column))
    for choice, allowed in contract.meta.choices.items():
        unknown = sql.SQL("{}::text <> all ({}::text[])").format(sql.Identifier(choice), list(allowed))
        yield _row_gate(target.columns[choice], None, unknown, reason=VALUE_NOT_IN_CHOICES)


def live_gates(frozen: FrozenModel, expected: Sequence[FrozenModel] = ()) -> Iterator[Gate]:
    """The rules about rows that the application may change at any time; each batch asks them again (P5).

    Args:
        frozen: the model.
        expected: as for `run_gates`; a batch expects nothing, since by then its parents are there or were rejected.
    """
    if frozen.contract.meta.mode != "insert":
        yield _target_row_exists(frozen)
    # A row that is applied anew stands in its place already.
    if frozen.merges and not frozen.is_reapplied:
        yield Gate("publish", "json_path", None, places_free(frozen))
        yield Gate("publish", "json_path", None, places_unclaimed(frozen))
    for foreign_key in frozen.target.foreign_keys:
        if foreign_key.column in frozen.contract.columns:
            yield _foreign_key_gate(foreign_key, expected)


def _verified_file(frozen: FrozenModel, column: str) -> Gate:
    select = sql.SQL("""
        select
            pending.legacy_key,
            coalesce(case when file_transfer.state = 'rejected' then file_transfer.reason_code end, {not_transferred})
                as reason_code
        from pending
        left join migration.file_transfer
            on file_transfer.entity = {entity}
            and file_transfer.legacy_key = pending.legacy_key
            and file_transfer.object_key = pending.{column}
        where file_transfer.state is distinct from 'verified'
    """).format(not_transferred=FILE_NOT_TRANSFERRED, entity=frozen.contract.meta.entity, column=sql.Identifier(column))
    return Gate("files", column, None, select)


def _row_gate(
    column: Column, sqlstate: str | None, condition: sql.Composable, reason: str = CONSTRAINT_VIOLATION
) -> Gate:
    select = sql.SQL("select legacy_key, {} as reason_code from pending where {}").format(reason, condition)
    return Gate("publish", column.name, sqlstate, select, condition)


def _numeric_overflow(column: Column) -> sql.Composable:
    return sql.SQL("{0} <> 'NaN' and (abs({0}) >= 10::numeric ^ {1} or scale(trim_scale({0})) > {2})").format(
        sql.Identifier(column.name), (column.precision or 0) - (column.scale or 0), column.scale
    )


def _parent_published(frozen: FrozenModel, expected: Sequence[FrozenModel]) -> Gate:
    awaited = [
        sql.SQL("""
            pending.target_legacy_key in (
                select parent.legacy_key from {pending} as parent
                where not exists (select from {rejected} as rejected where rejected.legacy_key = parent.legacy_key)
            )
        """).format(pending=parent.pending, rejected=parent.rejected)
        for parent in expected
        if parent.contract.feeds(frozen.contract)
    ]
    select = sql.SQL("""
        select legacy_key, {reason} as reason_code from pending where pending.target_id is null and not ({awaited})
    """).format(reason=PARENT_NOT_PUBLISHED, awaited=sql.SQL(" or ").join(awaited) if awaited else sql.SQL("false"))
    return Gate("publish", "target_legacy_key", None, select)


def _target_row_exists(frozen: FrozenModel) -> Gate:
    select = sql.SQL("""
        select legacy_key, {reason} as reason_code from pending
        where pending.target_id is not null
        and not exists (select from {target} as target where target.{key} = pending.target_id)
    """).format(reason=PARENT_VANISHED, target=relation_sql(frozen.contract.target), key=frozen.key)
    return Gate("publish", "target_id", None, select)


def _claimed_once() -> Gate:
    select = sql.SQL("""
        select legacy_key, {reason} as reason_code
        from (select legacy_key, target_id, count(*) over (partition by target_id) as claims from pending) as claimed
        where claims > 1 and target_id is not null
    """).format(reason=CONSTRAINT_VIOLATION)
    return Gate("publish", "target_id", errors.UniqueViolation.sqlstate, select)


def _foreign_key_gate(foreign_key: ForeignKey, expected: Sequence[FrozenModel]) -> Gate:
    # A parent with a name-based id can be named before it is published.
    awaited = [
        sql.SQL("""
            and not exists (
                select from {pending} as parent
                where parent.{parent_column} = pending.{column}
                and not exists (select from {rejected} as rejected where rejected.legacy_key = parent.legacy_key)
            )
        """).format(
            pending=parent.pending,
            rejected=parent.rejected,
            parent_column=sql.Identifier(foreign_key.parent_column),
            column=sql.Identifier(foreign_key.column),
        )
        for parent in expected
        if parent.contract.meta.mode == "insert"
        and parent.contract.target == foreign_key.parent
        and foreign_key.parent_column in parent.contract.columns
    ]
    select = sql.SQL("""
        select legacy_key, {reason} as reason_code from pending
        where pending.{column} is not null
        and not exists (select from {parent} as parent where parent.{parent_column} = pending.{column}) {awaited}
    """).format(
        awaited=sql.SQL("").join(awaited),
        reason=PARENT_VANISHED,
        column=sql.Identifier(foreign_key.column),
        parent=relation_sql(foreign_key.parent),
        parent_column=sql.Identifier(foreign_key.parent_column),
    )
    return Gate("publish", foreign_key.column, None, select)


def _check_gate(check: Check) -> Gate:
    condition = sql.SQL("not ({})").format(sql.SQL(check.expression))
    select = sql.SQL("select legacy_key, {} as reason_code from pending where {}").format(
        CONSTRAINT_VIOLATION, condition
    )
    return Gate("publish", ", ".join(check.columns), errors.CheckViolation.sqlstate, select, condition)


def _unique_gates(frozen: FrozenModel, unique_key: UniqueKey) -> Iterator[Gate]:
    """Two rules of one key: no two pending rows claim it, and no row of the target has it."""
    names = [sql.Identifier(f"key_{position}") for position in range(len(unique_key.expressions))]
    expressions = [sql.SQL(text) for text in unique_key.expressions]
    equal = sql.SQL("=" if unique_key.nulls_are_distinct else "is not distinct from")
    complete = sql.SQL(" and ").join(sql.SQL("{} is not null").format(name) for name in names)
    parts = {
        "reason": CONSTRAINT_VIOLATION,
        "names": sql.SQL(", ").join(names),
        "values": sql.SQL(", ").join(map(sql.SQL("({}) as {}").format, expressions, names)),
        "filter": sql.SQL(unique_key.filter or "true"),
        "complete": complete if unique_key.nulls_are_distinct else sql.SQL("true"),
        "target": relation_sql(frozen.contract.target),
        "matches": sql.SQL(" and ").join(sql.SQL("present.{0} {1} keyed.{0}").format(name, equal) for name in names),
        "expressions": sql.SQL(", ").join(sql.SQL("({})").format(each) for each in expressions),
        "nulls": sql.SQL("" if unique_key.nulls_are_distinct else "nulls not distinct"),
    }
    # Rows that claim one key among themselves are all rejected: who wins is a decision, not an order of arrival (M5).
    doubled = sql.SQL("""
        select legacy_key, {reason} as reason_code
        from (
            select keyed.*, count(*) over (partition by {names}) as claims
            from (select legacy_key, {values} from pending where {filter}) as keyed
            where {complete}
        ) as claimed
        where claims > 1
    """).format(**parts)
    taken = sql.SQL("""
        select legacy_key, {reason} as reason_code
        from (select legacy_key, {values} from pending where {filter}) as keyed
        where {complete} and exists (
            select from (select {values} from {target} where {filter}) as present where {matches}
        )
    """).format(**parts)
    keys = sql.SQL("({expressions}) {nulls} where {filter}").format(**parts)
    columns, sqlstate = ", ".join(unique_key.columns), errors.UniqueViolation.sqlstate
    yield Gate("publish", columns, sqlstate, doubled, keys=keys)
    yield Gate("publish", columns, sqlstate, taken)
