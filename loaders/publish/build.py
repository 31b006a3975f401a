"""Whether what is about to be frozen was built by dbt runs that finished, and is the manifest's (reliability P9)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from loaders.publish.contract import Manifest
from loaders.publish.findings import Finding

_REBUILD = "Run dbt build, then run this again."
_NAMES_SHOWN = 5

# A run that another one overlapped proves nothing: each may have built from the other's half.
_RUNS = """
with runs as (
    select build.*, coalesce(finished_at, broken_off_at, 'infinity') as ended_at from migration.build
),

clean as (
    select * from runs
    where finished_at is not null and not exists (
        select from runs as other
        where other.build_id <> runs.build_id
        and other.started_at < runs.ended_at and other.ended_at > runs.started_at
    )
)
"""
_NOT_BUILT = f"""
{_RUNS}
select distinct node
from runs
cross join lateral unnest(runs.selected) as node
where node = any (%s) and not exists (
    select from clean where clean.build_id >= runs.build_id and node = any (clean.built)
)
order by 1
"""
# Of runs that older releases recorded the code is not known.
_CHANGED = f"""
{_RUNS}
select manifest.node
from unnest(%s::text[], %s::text[]) as manifest (node, code)
cross join lateral (
    select made.code
    from clean
    cross join lateral unnest(clean.built, clean.code) as made (node, code)
    where made.node = manifest.node
    order by clean.build_id desc
    limit 1
) as last
where last.code <> manifest.code
order by 1
"""


def build_findings(connection: psycopg.Connection, manifest: Manifest) -> Iterator[Finding]:
    """What keeps the models from being frozen; each finding blocks.

    dbt's first hook commits before any model of its run does, and the snapshot sees both or neither: a run that begins
    later changes nothing that is frozen.

    Args:
        connection: in the snapshot that the models are frozen in.
        manifest: the contracts.
    """
    latest = connection.execute(
        "select invocation_id, started_at from migration.build order by build_id desc limit 1"
    ).fetchone()
    if latest is None:
        yield Finding("blocks", "", "migration.build", "no dbt run has been recorded", _REBUILD)
        return
    invocation_id, started_at = latest
    running = connection.execute(
        "select started_at from migration.build where finished_at is null and (broken_off_at is null or exists ("
        "select from pg_stat_activity where pg_stat_activity.application_name = build.application_name)) order by 1"
    ).fetchall()
    for (since,) in running:
        problem = f"the dbt run that began at {since:%Y-%m-%d %H:%M:%S %Z} has not ended"
        yield Finding("blocks", "", "migration.build", problem, "Wait for its end; if it has died, run dbt build.")
    if running:
        return
    not_built = [node for (node,) in connection.execute(_NOT_BUILT, [list(manifest.code)])]
    if not_built:
        problem = f"no dbt run that finished, and ran alone, has built {_listed(not_built)}"
        yield Finding("blocks", "", "migration.build", problem, _REBUILD)
    code = [list(manifest.code), list(manifest.code.values())]
    changed = [node for (node,) in connection.execute(_CHANGED, code)]
    if changed:
        yield Finding("blocks", "", "migration.build", f"changed since dbt built it: {_listed(changed)}", _REBUILD)
    if invocation_id != manifest.invocation_id:
        problem = f"the manifest is not that of the last dbt run, which began at {started_at:%Y-%m-%d %H:%M:%S %Z}"
        yield Finding("blocks", "", "migration.build", problem, _REBUILD)


def _listed(nodes: list[str]) -> str:
    more = f" and {len(nodes) - _NAMES_SHOWN} more" if len(nodes) > _NAMES_SHOWN else ""
    return ", ".join(node.split(".")[-1] for node in nodes[:_NAMES_SHOWN]) + more
