"""What became of each source row, and what nobody can explain, as sets by key (reliability R1)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.reconcile.source_keys import raw_keys
from loaders.reconcile.source_tables import SourceTable

# A disposition is a claim; an outcome is that claim held against the ledger. Whatever is not proven is unexplained.
# Every key is gathered from all who speak of it in one grouping: no joins, so no plan that a wrong estimate can spoil.
_OUTCOMES = """
create temporary table outcome as
with refused as (
    select distinct on (source_key) source_key, stage, reason_code
    from migration.reject
    where system = {system} and source_table = {table}
    order by source_key, array_position(array['publish', 'files', 'transform'], stage), legacy_key
),

mention as (
    select
        source_key, true as is_raw, null::boolean as is_live, null::boolean as is_published, null as disposition,
        null as reason_code, null as decision_id, null as refused_stage, null as refused_reason
    from ({raw_keys}) as raw_key
    union all
    select source_key, null, true, null, null, null, null, null, null
    from live_key
    union all
    select source_key, null, null, true, null, null, null, null, null
    from migration.id_map
    where entity = {table} and batch_id is not null and state = 'migrated'
    union all
    select source_key, null, null, null, disposition, reason_code, decision_id, null, null
    from migration.disposition
    where system = {system} and source_table = {table}
    union all
    select source_key, null, null, null, null, null, null, stage, reason_code
    from refused
),

known as (
    select
        source_key,
        count(is_raw) as copies,
        count(is_live) as live_copies,
        count(is_published) > 0 as is_published,
        min(disposition) as claim,
        min(reason_code) as reason_code,
        min(decision_id) as decision_id,
        min(refused_stage) as refused_stage,
        min(refused_reason) as refused_reason
    from mention
    group by source_key
)

select
    source_key,
    case
        when copies = 0 and claim is null and not is_published then null
        when copies <> 1 then 'unexplained'
        when claim is null then 'unexplained'
        when claim in ('publish', 'update') and is_published then claim
        when claim in ('publish', 'update') and refused_stage in ('files', 'publish') then 'reject'
        when claim in ('publish', 'update') then 'unexplained'
        when is_published then 'unexplained'
        when claim = 'reject' and refused_stage is null then 'unexplained'
        when claim = 'archive' and not {is_archived} then 'unexplained'
        when claim = 'skip' and decision_id is null then 'unexplained'
        else claim
    end as disposition,
    case
        when copies = 0 and claim is null and not is_published then null
        when copies = 0 and claim is null then 'published_but_not_in_source'
        when copies = 0 then 'disposition_but_not_in_source'
        when copies > 1 then 'key_not_unique'
        when claim is null then 'no_disposition'
        when claim in ('publish', 'update') and is_published then reason_code
        when claim in ('publish', 'update') and refused_stage in ('files', 'publish') then refused_reason
        when claim in ('publish', 'update') then 'not_published'
        when is_published then 'published_against_its_disposition'
        when claim = 'reject' and refused_stage is null then 'reject_not_recorded'
        when claim = 'archive' and not {is_archived} then 'not_archived'
        when claim = 'skip' and decision_id is null then 'skipped_without_decision'
        else reason_code
    end as reason_code,
    case
        when copies = 0 and live_copies > 0 then 'in_source_but_not_replicated'
        when copies > 0 and live_copies = 0 then 'replicated_but_gone_from_source'
    end as live_difference
from known
"""


@dataclass(frozen=True)
class Count:
    """Source rows of one disposition and reason."""

    disposition: str
    reason_code: str
    rows: int


def build_outcomes(connection: psycopg.Connection, table: SourceTable, *, is_archived: bool) -> None:
    """Make the temporary table `outcome(source_key, disposition, reason_code, live_difference)` for one source table.

    Every row of the raw table gets exactly one row; a key that only the ledger knows gets one too, as unexplained; one
    that only the live table has gets one without a disposition.

    Args:
        connection: may read the raw layer and the ledger, and has the temporary table `live_key`.
        table: the source table.
        is_archived: whether its archive is verified and holds as many rows as the raw table.
    """
    connection.execute("drop table if exists outcome")
    connection.execute(
        sql.SQL(_OUTCOMES).format(
            raw_keys=raw_keys(table),
            is_archived=sql.Literal(is_archived),
            system=sql.Literal(table.system),
            table=sql.Literal(table.name),
        )
    )


def count_outcomes(connection: psycopg.Connection) -> list[Count]:
    """Count the temporary table `outcome` by disposition and reason, in that order."""
    rows = connection.execute(
        "select disposition, reason_code, count(*) from outcome where disposition is not null "
        "group by 1, 2 order by 1, 2"
    ).fetchall()
    return [Count(*row) for row in rows]


def unexplained_keys(connection: psycopg.Connection, limit: int) -> list[tuple[str, str]]:
    """Reason and source key of unexplained rows, at most `limit` a reason."""
    query = """
        select reason_code, source_key
        from (
            select reason_code, source_key, row_number() over (partition by reason_code order by source_key) as position
            from outcome
            where disposition = 'unexplained'
        ) as numbered
        where position <= %s
        order by 1, 2
    """
    return [(reason, key) for reason, key in connection.execute(query, (limit,)).fetchall()]


def live_differences(connection: psycopg.Connection) -> list[tuple[str, int, list[str]]]:
    """What the live table and the raw table do not both have, by the temporary table `outcome`: as sets of keys, or,
    where equal rows are numbered for want of a key, as multisets of rows (reliability R2).

    Returns:
        Finding, number of rows and up to ten of their source keys, for each side that has rows of its own.
    """
    query = """
        with numbered as (
            select
                live_difference, source_key,
                row_number() over (partition by live_difference order by source_key) as position
            from outcome
            where live_difference is not null
        )

        select live_difference, count(*), array_agg(source_key order by position) filter (where position <= 10)
        from numbered
        group by live_difference
        order by live_difference
    """
    return connection.execute(query).fetchall()
