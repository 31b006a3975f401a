"""The one place where the stand-in talks to PostgreSQL: as the role of the database's details, reading only."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from sandbox.metabase.store import Document

STATEMENT_SECONDS = 30


def connect(details: Document) -> psycopg.Connection[Any]:
    """A connection whose transactions can only read and whose statements end after `STATEMENT_SECONDS`."""
    return psycopg.connect(
        host=details["host"],
        port=details.get("port", 5432),
        dbname=details["dbname"],
        user=details["user"],
        password=details.get("password"),
        connect_timeout=10,
        options=f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s",
    )


_RELATIONS = """
select n.nspname, c.relname, obj_description(c.oid, 'pg_class'), c.oid
from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and has_schema_privilege(n.oid, 'usage')
    and has_any_column_privilege(c.oid, 'select')
order by n.nspname, c.relname
"""

_COLUMNS = """
select a.attname, t.typname, a.attnotnull, col_description(a.attrelid, a.attnum),
    exists (
        select from pg_constraint as k
        where k.conrelid = a.attrelid and k.contype = 'p' and k.conkey = array[a.attnum]
    ),
    target_schema.nspname, target.relname, target_column.attname
from pg_attribute as a
inner join pg_type as t on t.oid = a.atttypid
left join pg_constraint as f on f.conrelid = a.attrelid and f.contype = 'f' and f.conkey = array[a.attnum]
left join pg_class as target on target.oid = f.confrelid
left join pg_namespace as target_schema on target_schema.oid = target.relnamespace
left join pg_attribute as target_column on target_column.attrelid = f.confrelid and target_column.attnum = f.confkey[1]
where a.attrelid = {} and a.attnum > 0 and not a.attisdropped and has_column_privilege(a.attrelid, a.attnum, 'select')
order by a.attnum
"""

BASE_TYPES = {
    "bool": "type/Boolean",
    "int2": "type/Integer",
    "int4": "type/Integer",
    "int8": "type/BigInteger",
    "numeric": "type/Decimal",
    "float4": "type/Float",
    "float8": "type/Float",
    "money": "type/Decimal",
    "text": "type/Text",
    "varchar": "type/Text",
    "bpchar": "type/Text",
    "citext": "type/Text",
    "name": "type/Text",
    "uuid": "type/UUID",
    "date": "type/Date",
    "time": "type/Time",
    "timetz": "type/TimeWithLocalTZ",
    "timestamp": "type/DateTime",
    "timestamptz": "type/DateTimeWithLocalTZ",
    "json": "type/JSON",
    "jsonb": "type/JSON",
    "inet": "type/IPAddress",
}


def base_type(type_name: str) -> str:
    """Metabase's type for a PostgreSQL type name; `type/*` for what it does not know."""
    return "type/Array" if type_name.startswith("_") else BASE_TYPES.get(type_name, "type/*")


def read_catalogue(details: Document) -> list[Document]:
    """Every table and view that the role may read: schema, name, description and columns in order.

    Raises:
        psycopg.Error: the database cannot be reached or read.
    """
    tables = []
    with connect(details) as connection:
        for schema, name, description, oid in connection.execute(_RELATIONS).fetchall():
            statement = sql.SQL(_COLUMNS).format(sql.Literal(oid))
            tables.append(
                {
                    "schema": schema,
                    "name": name,
                    "description": description,
                    "columns": [
                        {
                            "name": column,
                            "database_type": type_name,
                            "base_type": base_type(type_name),
                            "required": required,
                            "description": comment,
                            "is_key": is_key,
                            "target": target if target[0] else None,
                        }
                        for column, type_name, required, comment, is_key, *target in connection.execute(statement)
                    ],
                }
            )
    return tables
