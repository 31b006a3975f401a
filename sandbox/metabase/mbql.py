"""Metabase's query language: every form that is accepted becomes MBQL 5, which is what is kept and given back.

MBQL 4 has a clause's options last (or third, in a field), MBQL 5 has them second. What is given back differs from what
was sent: options carry minted uuids, a top-level `and` is split up, a converted query says so.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.metabase import errors

CONVERTED = "lib.convert/converted?"
Query = dict[str, Any]


def mint() -> str:
    """A fresh uuid, as options carry them."""
    return str(uuid.uuid4())


def to_mbql5(query: Mapping[str, Any]) -> Query:
    """Any accepted query as MBQL 5.

    Raises:
        ApiError: 500, for a clause whose options are where the other version has them.
    """
    if query.get("lib/type") == "mbql/query":
        return {**query, "stages": [_fill_stage(stage) for stage in query["stages"]]}
    stage = _native_stage(query["native"]) if query["type"] == "native" else _stage(query["query"])
    return {"lib/type": "mbql/query", "stages": [stage], "database": query["database"], CONVERTED: True}


def _native_stage(native: Mapping[str, Any]) -> Query:
    stage: Query = {"lib/type": "mbql.stage/native", "native": native["query"]}
    if tags := native.get("template-tags"):
        stage["template-tags"] = {
            name: {**tag, "dimension": clause5(tag["dimension"])} if "dimension" in tag else dict(tag)
            for name, tag in tags.items()
        }
    return stage


def _stage(query: Mapping[str, Any]) -> Query:
    stage: Query = {"lib/type": "mbql.stage/mbql"} | _source(query["source-table"])
    for name in ("fields", "breakout", "order-by"):
        if name in query:
            stage[name] = [clause5(clause) for clause in query[name]]
    if aggregation := query.get("aggregation"):
        several = isinstance(aggregation[0], list)
        stage["aggregation"] = [clause5(clause) for clause in (aggregation if several else [aggregation])]
    if condition := query.get("filter"):
        together = condition[1:] if condition[0] == "and" else [condition]
        stage["filters"] = [clause5(clause) for clause in together]
    if expressions := query.get("expressions"):
        stage["expressions"] = [_named(clause5(clause), name) for name, clause in expressions.items()]
    if joins := query.get("joins"):
        stage["joins"] = [_join(join) for join in joins]
    if "limit" in query:
        stage["limit"] = query["limit"]
    return stage


def _source(source: int | str) -> Query:
    if isinstance(source, int):
        return {"source-table": source}
    return {"source-card": int(source.removeprefix("card__"))}


def _named(clause: Any, name: str) -> Any:
    return [clause[0], {**clause[1], "lib/expression-name": name}, *clause[2:]]


def _join(join: Mapping[str, Any]) -> Query:
    fields = join.get("fields", "none")
    return {
        "lib/type": "mbql/join",
        "alias": join["alias"],
        "strategy": join.get("strategy", "left-join"),
        "stages": [{"lib/type": "mbql.stage/mbql"} | _source(join["source-table"])],
        "conditions": [clause5(join["condition"])],
        "fields": fields if isinstance(fields, str) else [clause5(field) for field in fields],
    }


def clause5(clause: Any) -> Any:
    """An MBQL 4 clause as MBQL 5; a literal as it is.

    Raises:
        ApiError: 500, when it is MBQL 5 already.
    """
    if not (isinstance(clause, list) and clause and isinstance(clause[0], str)):
        return clause
    operator, *arguments = clause
    if arguments and isinstance(arguments[0], dict):
        raise errors.assertion_failed(f"Invalid clause: {operator} has its options where MBQL 5 has them")
    if operator == "field":
        return [operator, {**_options(arguments[1:]), "lib/uuid": mint()}, arguments[0]]
    options = {}
    if arguments and isinstance(arguments[-1], dict):
        options = arguments.pop()
    return [operator, {**options, "lib/uuid": mint()}, *map(clause5, arguments)]


def _options(arguments: list[Any]) -> dict[str, Any]:
    return dict(arguments[0]) if arguments and arguments[0] else {}


def _fill_stage(stage: Mapping[str, Any]) -> Query:
    """An MBQL 5 stage whose options all carry a uuid."""
    filled = dict(stage)
    for name in ("fields", "breakout", "order-by", "filters", "aggregation", "expressions"):
        if name in stage:
            filled[name] = [_fill(clause) for clause in stage[name]]
    if "joins" in stage:
        filled["joins"] = [
            {
                "lib/type": "mbql/join",
                "strategy": "left-join",
                **join,
                "stages": [_fill_stage(inner) for inner in join["stages"]],
                "conditions": [_fill(clause) for clause in join["conditions"]],
            }
            for join in stage["joins"]
        ]
    if tags := stage.get("template-tags"):
        filled["template-tags"] = {
            name: {**tag, "dimension": _fill(tag["dimension"])} if "dimension" in tag else dict(tag)
            for name, tag in tags.items()
        }
    return filled


def _fill(clause: Any) -> Any:
    if not (isinstance(clause, list) and clause and isinstance(clause[0], str)):
        return clause
    if len(clause) < 2 or not isinstance(clause[1], dict):
        raise errors.assertion_failed(f"Invalid clause: {clause[0]} lacks the options that MBQL 5 has second")
    return [clause[0], {"lib/uuid": mint(), **clause[1]}, *map(_fill, clause[2:])]


def to_mbql4(query: Mapping[str, Any]) -> Query:
    """A kept query as MBQL 4; stages after the first become queries around it."""
    first = query["stages"][0]
    if first["lib/type"] == "mbql.stage/native":
        native = {"query": first["native"], "template-tags": {}}
        for name, tag in first.get("template-tags", {}).items():
            plain = {**tag, "dimension": clause4(tag["dimension"])} if "dimension" in tag else tag
            native["template-tags"][name] = plain
        if len(query["stages"]) == 1:
            return {"database": query["database"], "type": "native", "native": native}
        inner: Query = {"native": native["query"], "template-tags": native["template-tags"]}
    else:
        inner = _query4(first)
    for stage in query["stages"][1:]:
        inner = {"source-query": inner} | _query4(stage)
    return {"database": query["database"], "type": "query", "query": inner}


def _query4(stage: Mapping[str, Any]) -> Query:
    query: Query = {name: stage[name] for name in ("source-table", "limit") if name in stage}
    if "source-card" in stage:
        query["source-table"] = f"card__{stage['source-card']}"
    for name in ("fields", "breakout", "order-by", "aggregation"):
        if name in stage:
            query[name] = [clause4(clause) for clause in stage[name]]
    if filters := [clause4(clause) for clause in stage.get("filters", [])]:
        query["filter"] = filters[0] if len(filters) == 1 else ["and", *filters]
    if "expressions" in stage:
        query["expressions"] = {each[1]["lib/expression-name"]: clause4(each) for each in stage["expressions"]}
    if "joins" in stage:
        query["joins"] = [_join4(join) for join in stage["joins"]]
    return query


def _join4(join: Mapping[str, Any]) -> Query:
    fields = join.get("fields", "none")
    conditions = [clause4(condition) for condition in join["conditions"]]
    return {
        "alias": join["alias"],
        "strategy": join["strategy"],
        "condition": conditions[0] if len(conditions) == 1 else ["and", *conditions],
        "fields": fields if isinstance(fields, str) else [clause4(field) for field in fields],
        **_query4(join["stages"][0]),
    }


def clause4(clause: Any) -> Any:
    """An MBQL 5 clause as MBQL 4."""
    if not (isinstance(clause, list) and clause and isinstance(clause[0], str)):
        return clause
    operator, options, *arguments = clause
    kept = {name: value for name, value in options.items() if not re.match("lib/|effective-type", name)}
    if operator == "field":
        return [operator, arguments[0], kept or None]
    return [operator, *map(clause4, arguments), *([kept] if kept else [])]


def is_native(query: Mapping[str, Any]) -> bool:
    """Whether a kept query is SQL alone."""
    return len(query["stages"]) == 1 and query["stages"][0]["lib/type"] == "mbql.stage/native"
