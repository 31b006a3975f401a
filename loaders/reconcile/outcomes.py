"""What became of each source row, and what nobody can explain, as sets by key (reliability R1)."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from loaders.reconcile.source_keys import raw_keys
from loaders.reconcile.source_tables import SourceTable

# A disposition is a claim; an outcome is that claim held against the ledger. Whatever is not proven is unexplained.
_OUTCOMES = """
create temporary table outcome as
with source as (
    select source_key, count(*) as copies
    from ({raw_keys}) as raw_key
    group by source_key
),

published as (
    select source_key, count(*) as target_rows
    from migration.id_map
    where entity = {table} and batch_id is not null and state = 'migrated'
    group by source_key
),

refused as (
    select distinct on (source_key) source_key, stage, reason_code
    from migration.reject
    where system = {system} and source_table = {table}
    order by source_key, array_position(array['publish', 'files', 'transform'], stage), legacy_key
),

claimed as (
    select source_key, disposition, reason_code, decision_id
    from migration.disposition
    where system = {system} and source_table = {table}
)

select
    coalesce(source.source_key, claimed.source_key, published.source_key) as source_key,
    case
        when source.source_key is null then 'unexplained'
        when source.copies > 1 then 'unexplained'
        when claimed.disposition is null then 'unexplained'
        when claimed.disposition in ('publish', 'update') and published.source_key is not null
            then claimed.disposition
        when claimed.disposition in ('publish', 'update') and refused.stage in ('files', 'publish') then 'reject'
        when claimed.disposition in ('publish', 'update') then 'unexplained'
        when published.source_key is not null then 'unexplained'
        when claimed.disposition = 'reject' and refused.source_key is null then 'unexplained'
        when claimed.disposition = 'archive' and not {is_archived} then 'unexplained'
        when claimed.disposition = 'skip' and claimed.decision_id is null then 'unexplained'
        else claimed.disposition
    end as disposition,
    case
        when source.source_key is null and claimed.source_key is null then 'published_but_not_in_source'
        when source.source_key is null then 'disposition_but_not_in_source'
        when source.copies > 1 then 'key_not_unique'
        when claimed.disposition is null then 'no_disposition'
        when claimed.disposition in ('publish', 'update') and published.source_key is not null
            then claimed.reason_code
        when claimed.disposition in ('publish', 'update') and refused.stage in ('files', 'publish')
            then refused.reason_code
        when claimed.disposition in ('publish', 'update') then 'not_published'
        when published.source_key is not null then 'published_against_its_disposition'
        when claimed.disposition = 'reject' and refused.source_key is null then 'reject_not_recorded'
        when claimed.disposition = 'archive' and not {is_archived} then 'not_archived'
        when claimed.disposition = 'skip' and claimed.decision_id is null then 'skipped_without_decision'
        else claimed.reason_code
    end as reason_code
from source
full join claimed on source.source_key = claimed.source_key
full join published on coalesce(source.source_key, claimed.source_key) = published.source_key
left join refused on coalesce(source.source_key, claimed.source_key) = refused.source_key
"""


@dataclass(frozen=True)
class Count:
    """Source rows of one disposition and reason."""

    disposition: str
    reason_code: str
    rows: int


def build_outcomes(connection: psycopg.Connection, table: SourceTable, *, is_archived: bool) -> None:
    """Make the temporary table `outcome(source_key, disposition, reason_code)` for one source table.

    Every source row gets exactly one row; a key that only the ledger knows gets one too, as unexplained.

    Args:
        connection: a connection that may read the raw layer and the ledger.
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
    connection.execute("analyze outcome")


def count_outcomes(connection: psycopg.Connection) -> list[Count]:
    """Count the temporary table `outcome` by disposition and reason, in that order."""
    rows = connection.execute(
        "select disposition, reason_code, count(*) from outcome group by 1, 2 order by 1, 2"
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


def live_differences(connection: psycopg.Connection, table: SourceTable) -> list[tuple[str, int, list[str]]]:
    """Compare the temporary table `live_key` with the raw table: as sets of keys, or, where equal rows are numbered for
    want of a key, as multisets of rows (reliability R2).

    Returns:
        Finding, number of rows and up to ten of their source keys, for each side that has rows of its own.
    """
    query = sql.SQL("""
        with raw_key as ({raw_keys}),

        difference as (
            select
                coalesce(live_key.source_key, raw_key.source_key) as source_key,
                case
                    when raw_key.source_key is null then 'in_source_but_not_replicated'
                    else 'replicated_but_gone_from_source'
                end as finding
            from live_key
            full join raw_key on live_key.source_key = raw_key.source_key
            where live_key.source_key is null or raw_key.source_key is null
        ),

        numbered as (
            select finding, source_key, row_number() over (partition by finding order by source_key) as position
            from difference
        )

        select finding, count(*), array_agg(source_key order by position) filter (where position <= 10)
        from numbered
        group by finding
        order by finding
    """).format(raw_keys=raw_keys(table))
    return connection.execute(query).fetchall()
