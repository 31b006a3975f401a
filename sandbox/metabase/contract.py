"""The contract: which requests Metabase takes and what it answers, as closed JSON Schemas (contract.json).

The real server drops keys that it does not know and says nothing; here they are refused, or a typo would pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from sandbox.metabase import errors

_ENTITY_ID = re.compile(r"[A-Za-z0-9_-]{21}")
# Whose path takes more than a positive number (the contract's notes, and the vendor's client for `items`).
_OTHER_IDS = {
    "card.get": (),
    "dashboard.get": (),
    "collection.get": ("root", "trash"),
    "collection.items": ("root", "trash"),
}


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the contract."""

    id: str
    method: str
    path: str
    auth: str
    body: Any
    query: Any
    ok_status: int
    ok_body: Any
    takes_form: bool
    definitions: Mapping[str, Any]

    @cached_property
    def _body_schema(self) -> Draft202012Validator:
        return self._schema(self.body)

    @cached_property
    def _query_schema(self) -> Draft202012Validator:
        return self._schema(self.query or {"type": "object", "additionalProperties": False})

    @cached_property
    def _answer_schema(self) -> Draft202012Validator:
        return self._schema(self.ok_body)

    def _schema(self, schema: Any) -> Draft202012Validator:
        return Draft202012Validator({"$defs": self.definitions, "allOf": [schema]})

    def check_path(self, path: Mapping[str, str]) -> None:
        """Raise 400 when `{id}` is neither a positive number nor another form that this endpoint takes."""
        number = path.get("id")
        if number is None or re.fullmatch("[1-9][0-9]*", number):
            return
        if self.id in _OTHER_IDS and (number in _OTHER_IDS[self.id] or _ENTITY_ID.fullmatch(number)):
            return
        raise errors.invalid({"id": "value must be an integer greater than zero."})

    def decode_query(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Query parameters as values of the types that the contract gives them; raise 400 when they break it."""
        known = (self.query or {}).get("properties", {})
        decoded: dict[str, Any] = {}
        for name, text in pairs:
            value = _decode(text, known.get(name, {}))
            if name in decoded:
                earlier = decoded[name]
                decoded[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
            else:
                decoded[name] = value
        _refuse(self._query_schema.iter_errors(decoded))
        return decoded

    def check_body(self, body: Any) -> None:
        """Raise 400 when a request's body breaks the contract, 500 for a schedule that Metabase asserts against.

        Args:
            body: the decoded JSON; None when there is none.
        """
        if self.body is None:
            if body is not None:
                raise errors.invalid({"_error": "this endpoint takes no body"})
            return
        if body is None and self.body.get("type") == "object" and not self.body.get("required"):
            return
        found = list(self._body_schema.iter_errors(body))
        if found and all(_is_schedule_rule(error) for error in _leaves(found)):
            raise errors.assertion_failed("Assert failed: (valid-schedule? schedule)")
        _refuse(found)

    def faults_of_answer(self, body: Any) -> list[str]:
        """What is wrong with the body of a success; empty when it keeps the contract."""
        if self.ok_body is None:
            return [] if body is None else ["a body where there is none"]
        return [f"{error.json_path}: {error.validator}" for error in self._answer_schema.iter_errors(body)]


class Contract:
    """All endpoints, and which of them a request is for."""

    def __init__(self) -> None:
        document = json.loads(files("sandbox.metabase").joinpath("contract.json").read_text())
        self.endpoints = {entry["id"]: _endpoint(entry, document["$defs"]) for entry in document["endpoints"]}
        self._routes = Map(
            [
                Rule(re.sub(r"\{(\w+)\}", r"<\1>", each.path), methods=[each.method], endpoint=each.id)
                for each in self.endpoints.values()
            ],
            merge_slashes=False,
        ).bind("metabase")

    def match(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint of a request and its path's values; raise 404 when there is none."""
        try:
            name, values = self._routes.match(path, method)
        except (NotFound, MethodNotAllowed):
            raise errors.no_such_endpoint() from None
        return self.endpoints[name], dict(values)


@cache
def load_contract() -> Contract:
    """The contract, read once: it never changes, and its schemas take a while to compile."""
    return Contract()


def _endpoint(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        id=entry["id"],
        method=entry["method"],
        path=entry["path"],
        auth=entry["auth"],
        body=entry["body"],
        query=entry.get("query"),
        ok_status=entry["ok"]["status"],
        ok_body=entry["ok"]["body"],
        takes_form="form" in entry.get("body_encoding", ""),
        definitions=definitions,
    )


def _decode(text: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if schema.get("$ref") in ("#/$defs/PosInt", "#/$defs/NonNeg") and text.isdecimal():
        return int(text)
    return text


def _leaves(found: Iterable[ValidationError]) -> list[ValidationError]:
    return [leaf for error in found for leaf in (_leaves(error.context) if error.context else [error])]


def _is_schedule_rule(error: ValidationError) -> bool:
    """Whether an error is one of the combinations of type, hour, day and frame (reference: subscriptions)."""
    if "then" not in error.absolute_schema_path:
        return False
    last = error.absolute_path[-1] if error.absolute_path else ""
    missing = error.validator == "required" and any(name.startswith("schedule_") for name in error.validator_value)
    return str(last).startswith("schedule_") or missing


def _refuse(found: Iterable[ValidationError]) -> None:
    found = list(found)
    error = best_match(found)
    if error is None:
        return
    while error.context:
        error = min(error.context, key=lambda each: (each.validator in ("const", "enum"), -len(each.absolute_path)))
    keys = [*map(str, error.absolute_path), *_wrong_keys(error)[:1]]
    message = _text(error)
    raise errors.invalid({(keys[0] if keys else "_error"): message}, {".".join(keys) or "_error": [message]})


def _wrong_keys(error: ValidationError) -> list[str]:
    """The keys that are missing or unknown; none for another kind of error."""
    if error.validator == "dependentRequired":
        return [name for names in error.validator_value.values() for name in names if name not in error.instance]
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        return sorted(set(error.instance) - set(error.schema.get("properties", {})))
    return []


def _text(error: ValidationError) -> str:
    """What is wrong, without the value: it may be a password."""
    if keys := _wrong_keys(error):
        return (
            f"{'unknown' if error.validator == 'additionalProperties' else 'missing required'} key: {', '.join(keys)}"
        )
    return f"value breaks {error.validator}: {json.dumps(error.validator_value)[:200]}"
