"""What dbt says of tables and columns, as dbt-metabase would write it.

dbt-metabase decides (descriptions, semantic types, foreign keys) against the live Metabase, but its writes are only
taken down: they go the way of all others, so that what people edited is left alone and every write is read back.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from dbtmetabase import DbtMetabase, Filter, _models
from dbtmetabase.errors import MetabaseStateError
from requests.adapters import HTTPAdapter

from loaders.errors import ConfigurationError, ServiceError
from loaders.metabase.client import LostAnswerError
from loaders.metabase.desired import DATABASE, DATABASE_NAME, SCHEMA
from loaders.metabase.kinds.base import Lines, State
from loaders.metabase.objects import Found, Wanted

_WRITE = re.compile(r"/api/(table|field)/(\d+)$")
# dbt-metabase holds these against dbt whether dbt says anything or not: text that dbt lacks is cleared.
_HELD = {
    "table": ("display_name", "description", "points_of_interest", "caveats", "visibility_type"),
    "field": ("display_name", "description", "visibility_type"),
}


class _Rehearsal(HTTPAdapter):
    """Lets reads pass and takes writes down."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: dict[tuple[str, int], dict[str, Any]] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """See requests."""
        if request.method == "GET":
            return super().send(request, *args, **options)
        if request.method == "PUT" and (place := _WRITE.search(request.path_url)):
            body = request.body if isinstance(request.body, str | bytes) else b"{}"
            self.writes[place[1], int(place[2])] = json.loads(body)
        answer = requests.Response()
        answer.status_code = 200
        answer.request = request
        answer.raw = io.BytesIO(b"{}")
        return answer


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class Metadata:
    """Display names, descriptions, semantic types and foreign keys of the reporting tables and their columns."""

    name = "metadata"

    def __init__(self, manifest: Path, api_key: str) -> None:
        self._manifest, self._api_key = manifest, api_key
        self.warnings: list[str] = []

    def wanted(self, state: State, lines: Lines) -> list[Wanted]:
        """What dbt-metabase would make of each table and column that Metabase knows.

        Raises:
            ConfigurationError: dbt's manifest is missing.
            ServiceError: dbt-metabase failed.
        """
        if DATABASE not in state.ids or not state.tables.tables:
            return []
        writes = self._rehearse(state)
        result = []
        for key, (kind, id_, actual) in self._objects(state).items():
            line = lines.get(key)
            held = dict.fromkeys([*_HELD[kind], *(line.applied or {} if line else {})])
            fields = {name: actual.get(name) for name in held} | _named(writes.get((kind, id_), {}), state)
            result.append(Wanted(key, self.name, key.partition(":")[2], fields))
        return result

    def read_all(self, state: State, wanted: Sequence[Wanted], lines: Lines) -> dict[str, Found]:
        """See `Given`."""
        objects = self._objects(state) if wanted else {}
        return {each.key: Found(objects[each.key][1], None, objects[each.key][2]) for each in wanted}

    def set_all(self, state: State, changed: Sequence[tuple[Wanted, Found]]) -> None:
        """See `Given`."""
        for wanted, found in changed:
            kind = "field" if "." in wanted.label else "table"
            body = {name: value for name, value in wanted.fields.items() if found.fields.get(name) != value}
            if body.get("fk_target_field_id"):
                body["fk_target_field_id"] = state.tables.columns[body["fk_target_field_id"]]
            with suppress(LostAnswerError):  # reading it back tells
                state.client.put(f"{kind}/{found.id}", body)

    def _objects(self, state: State) -> dict[str, tuple[str, int, dict[str, Any]]]:
        """Key -> `table` or `field`, its number, and its fields."""
        database = state.client.get(f"database/{state.ids[DATABASE]}/metadata", include_hidden="true")
        objects = {}
        for table in database["tables"]:
            if state.tables.tables.get(table["name"]) != table["id"]:
                continue
            objects[f"metadata:{table['name']}"] = ("table", table["id"], table)
            for column in table["fields"]:
                name = f"{table['name']}.{column['name']}"
                if state.tables.columns.get(name) == column["id"]:
                    objects[f"metadata:{name}"] = ("field", column["id"], _named(column, state))
        return objects

    def _rehearse(self, state: State) -> dict[tuple[str, int], dict[str, Any]]:
        if not self._manifest.is_file():
            raise ConfigurationError("dbt's manifest is missing", hint="Run dbt build, or give one by --manifest.")
        rehearsal, complaints = _Rehearsal(), _Complaints()
        logger = logging.getLogger("dbtmetabase")
        logger.addHandler(complaints)
        logger.propagate = False
        try:
            tool = DbtMetabase(
                manifest_path=self._manifest,
                metabase_url=state.client.url,
                metabase_api_key=self._api_key,
                http_adapter=rehearsal,
            )
            # We have waited for the sync already; dbt-metabase would wait five seconds more, and has no option for it.
            _models._SYNC_PERIOD = 0
            tool.export_models(
                metabase_database=DATABASE_NAME,
                schema_filter=Filter(include=[SCHEMA]),
                skip_sources=True,
                sync_timeout=0,
            )
        except MetabaseStateError:
            self.warnings += [f"dbt-metabase: {message}" for message in complaints.messages]
        except requests.RequestException as error:
            raise ServiceError(f"dbt-metabase could not read Metabase ({type(error).__name__})") from None
        finally:
            logger.removeHandler(complaints)
        return rehearsal.writes


def _named(fields: dict[str, Any], state: State) -> dict[str, Any]:
    """With the foreign key's column by its name."""
    target = fields.get("fk_target_field_id")
    if target is None:
        return fields
    _, columns = state.tables.names()
    return {**fields, "fk_target_field_id": columns.get(target, f"column {target}")}
