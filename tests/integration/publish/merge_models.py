"""Two models of mode merge_json: labels of directories, and the origins of documents that another model inserts."""

from __future__ import annotations

from typing import Any

from publish_manifest import publish_meta, publish_node
from publish_rig import Rig, documents

# Labels of the three directories in turn, each under an account; path and value follow from n.
LABEL_SELECT = """
select
    'k' || n as source_key, lpad(n::text, 6, '0') as legacy_key, (n % 3 + 1)::bigint as target_id,
    array['labels', (n % 4)::text, 'KEY_' || n] as json_path, to_jsonb('label ' || n) as settings
from generate_series(1, {rows}) as n
"""
# Two of three name a document that is published in the same run; one names a document of the application.
ORIGIN_SELECT = """
select
    n::text as source_key, n::text as legacy_key, case when n % 3 = 0 then 1::bigint end as target_id,
    case when n % 3 > 0 then lpad((n % {documents} + 1)::text, 6, '0') end as target_legacy_key,
    array['origin', n::text] as json_path, jsonb_build_object('sender', 'sender ' || n) as metadata
from generate_series(1, {rows}) as n
"""
OWN_DOCUMENT = """
insert into app_document (account_id, file, title, status, created, metadata)
values (1, 'own', 'own', 'new', now(), '{"own": 1}')
"""


def labels(**changes: Any) -> dict[str, Any]:
    """The contract of pub_label: texts into app_directory.settings, by id."""
    defaults = {
        "target_table": "public.app_directory",
        "entity": "label",
        "source_table": "label",
        "mode": "merge_json",
        "order": 20,
    }
    return publish_node("pub_label", {"settings": "jsonb"}, publish_meta(**{**defaults, **changes}))


def origins(**changes: Any) -> dict[str, Any]:
    """The contract of pub_origin: objects into app_document.metadata, by id or by the document's legacy key."""
    defaults = {
        "target_table": "public.app_document",
        "entity": "origin",
        "source_table": "origin",
        "mode": "merge_json",
        "order": 40,
        "resolve": {"entity": "document", "target_table": "public.app_document"},
    }
    return publish_node("pub_origin", {"metadata": "jsonb"}, publish_meta(**{**defaults, **changes}))


def shared_documents(**changes: Any) -> dict[str, Any]:
    """The contract of pub_document, whose metadata other batches may change."""
    return documents(shared_columns=["metadata"], **changes)


def build_labels(rig: Rig, rows: int = 30) -> None:
    """Build pub_label."""
    rig.build("migration_publish.pub_label", LABEL_SELECT.format(rows=rows))


def build_label_rows(rig: Rig, *rows: tuple[str, int, str, str]) -> None:
    """Build pub_label with these rows: legacy key, directory, path as a PostgreSQL array, value as JSON."""
    values = ", ".join(
        f"('{key}', '{key}', {target}::bigint, '{path}'::text[], '{value}'::jsonb)" for key, target, path, value in rows
    )
    rig.build(
        "migration_publish.pub_label",
        f"select * from (values {values}) as rows (source_key, legacy_key, target_id, json_path, settings)",
    )


def build_origins(rig: Rig, rows: int = 60, documents: int = 20) -> None:
    """Build pub_origin, whose rows name so many documents."""
    rig.build("migration_publish.pub_origin", ORIGIN_SELECT.format(rows=rows, documents=documents))


def settings(rig: Rig, directory: int) -> Any:
    """What app_directory.settings holds."""
    return rig.value("select settings from app_directory where id = %s", directory)


def application(rig: Rig) -> dict[str, Any]:
    """Every row of the application, as text."""
    return {name: state for name, state in rig.fingerprint("public").items() if name != "sequences"}
