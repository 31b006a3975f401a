"""The models' lists of files: one frozen copy, checked, and what it means for migration.file_transfer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from loaders.errors import ConfigurationError, RefusedError
from loaders.files.model import COLUMNS, FilesModel

# A copy of its own: a dbt run in the middle of a transfer changes nothing (reliability P9).
_FREEZE = """
create temporary table files_input (
    entity text, source_key text, legacy_key text, source_path text, object_key text, original_name text
)
"""

_OBJECT_KEY = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"
_DOTS_ONLY = r"(^|/)\.\.?(/|$)"

# Finding to an SQL query for (count, first key) of the rows it names.
_CHECKS = {
    "rows without entity, source_key, legacy_key, source_path, object_key or original_name": """
        select count(*), min(legacy_key) from files_input
        where num_nulls(entity, source_key, legacy_key, source_path, object_key, original_name) > 0
    """,
    "keys that occur twice": """
        select count(*), min(legacy_key) from (
            select entity, legacy_key from files_input group by entity, legacy_key having count(*) > 1
        ) as twice
    """,
    "object keys that two rows share": """
        select count(*), min(legacy_key) from (
            select object_key, min(legacy_key) as legacy_key from files_input group by object_key having count(*) > 1
        ) as shared
    """,
    "object keys outside A-Z a-z 0-9 _ . - /, or with an empty, . or .. component, or longer than 1,024": """
        select count(*), min(legacy_key) from files_input
        where object_key !~ %(object_key)s or object_key ~ %(dots_only)s or length(object_key) > 1024
    """,
    "entities that no model's config.meta.files names": """
        select count(*), min(legacy_key) from files_input where entity <> all(%(entities)s)
    """,
    "object keys that belong to another row of the ledger": """
        select count(*), min(i.legacy_key) from files_input i join migration.file_transfer t using (object_key)
        where (i.entity, i.legacy_key) <> (t.entity, t.legacy_key)
    """,
}

_COUNT = """
select
    count(*) filter (where t.entity is null) as new,
    count(*) filter (where listed and t.state in ('planned', 'claimed') and not changed) as open,
    count(*) filter (where listed and t.state in ('planned', 'claimed') and changed) as replanned,
    count(*) filter (where listed and t.state = 'rejected') as retried,
    count(*) filter (where listed and t.state = 'verified' and not changed) as verified,
    count(*) filter (where listed and t.state = 'verified' and changed) as drifted,
    count(*) filter (where not listed) as vanished,
    count(*) filter (where not listed and t.state = 'verified') as vanished_verified
from files_input i
full join (select * from migration.file_transfer where entity = any(%s)) t using (entity, legacy_key)
cross join lateral (
    select i.entity is not null, (i.source_path, i.object_key) is distinct from (t.source_path, t.object_key)
) as comparison (listed, changed)
"""

_DRIFTED = """
select t.entity, t.legacy_key from files_input i join migration.file_transfer t using (entity, legacy_key)
where t.state = 'verified' and (i.source_path, i.object_key) is distinct from (t.source_path, t.object_key)
order by 1, 2 limit %s
"""


@dataclass(frozen=True)
class Plan:
    """What the models' lists mean for the ledger; counts of rows.

    Attributes:
        new: not in the ledger yet.
        open: in the ledger, without a verdict.
        replanned: without a verdict, with another path or key now.
        retried: rejected earlier; tried again.
        verified: done.
        drifted: verified, with another path or key now; left alone.
        vanished: in the ledger, no longer in a model; left alone.
        vanished_verified: those of them that have an object.
    """

    new: int
    open: int
    replanned: int
    retried: int
    verified: int
    drifted: int
    vanished: int
    vanished_verified: int

    @property
    def to_do(self) -> int:
        """Rows that need a verdict."""
        return self.new + self.open + self.replanned + self.retried


def freeze(connection: psycopg.Connection, models: Sequence[FilesModel]) -> None:
    """Copy the models' lists into the session's own table `files_input` and check it.

    Raises:
        ConfigurationError: a model's relation or column is missing.
        RefusedError: the lists break their contract; names each finding, its count and its first key.
    """
    connection.execute(_FREEZE)
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    for model in models:
        try:
            connection.execute(
                sql.SQL("insert into files_input ({0}) select {0} from {1}").format(columns, model.relation)
            )
        except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as error:
            raise ConfigurationError(
                f"model {model.name} is not built, or lacks a column (SQLSTATE {error.sqlstate})",
                hint=f"Run `dbt build`; the model needs {', '.join(COLUMNS)}.",
            ) from None
    connection.execute("analyze files_input (entity)")
    parameters = {
        "object_key": _OBJECT_KEY,
        "dots_only": _DOTS_ONLY,
        "entities": [model.meta.entity for model in models],
    }
    findings = []
    for finding, query in _CHECKS.items():
        count, first = connection.execute(query, parameters).fetchone() or (0, None)
        if count:
            findings.append(f"{count} {finding} (first key: {first})")
    if findings:
        names = ", ".join(model.name for model in models)
        raise RefusedError(
            f"the list of files ({names}) breaks its contract: " + "; ".join(findings),
            hint="Correct the model and run dbt build; nothing was planned.",
        )


def count_plan(connection: psycopg.Connection, entities: Sequence[str]) -> Plan:
    """Compare `files_input` with the ledger."""
    row = connection.execute(_COUNT, [list(entities)]).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Plan(*row)


def drifted_keys(connection: psycopg.Connection, limit: int) -> list[str]:
    """`entity legacy_key` of the first verified rows whose path or key is another now."""
    return [f"{entity} {key}" for entity, key in connection.execute(_DRIFTED, [limit])]
