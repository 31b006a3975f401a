"""Refuses a database that must not be written to (reliability X2)."""

from __future__ import annotations

import psycopg

from loaders.errors import RefusedError
from loaders.settings import Settings

# What stands for --confirm-database where Meltano calls the verbs; typed for one command, never kept in .env.
CONFIRM_VARIABLE = "DTX_CONFIRM_DATABASE"


def check_settings(settings: Settings, confirmed_database: str | None) -> None:
    """Check what the settings alone tell.

    Args:
        settings: the settings.
        confirmed_database: the target database's name as the operator typed it; production asks for it.

    Raises:
        RefusedError: source and target are the same, two roles share a user, or production was not confirmed.
    """
    source = (settings.source_host, settings.source_port, settings.source_database)
    if source == (settings.target_host, settings.target_port, settings.target_database):
        raise RefusedError(
            f"source and target are the same database {settings.target_database}",
            hint=f"Correct {settings.system.prefix}SOURCE_* or {settings.system.prefix}TARGET_*.",
        )
    users = list(settings.roles.values())
    shared = [role for role, user in settings.roles.items() if users.count(user) > 1]
    if shared:
        raise RefusedError(
            f"the roles {', '.join(shared)} share one database user",
            hint="Give each role a user of its own: a publisher that can delete is no longer safe to run again.",
        )
    if settings.environment == "production" and confirmed_database != settings.target_database:
        raise RefusedError(
            f"{settings.target_database} on {settings.target_host} is the production database",
            hint=f"If you mean it, add --confirm-database {settings.target_database}; for a job of Meltano put "
            f"{CONFIRM_VARIABLE}={settings.target_database} before the command.",
        )


def check_server(connection: psycopg.Connection, settings: Settings) -> None:
    """Check what the server tells.

    Args:
        connection: of any role; rolled back.
        settings: the settings.

    Raises:
        RefusedError: the server is a standby, or a role is missing or a superuser.
    """
    row = connection.execute("select pg_is_in_recovery()").fetchone()
    if row is None or row[0]:
        connection.rollback()
        raise RefusedError(
            f"{settings.target_host}:{settings.target_port} is a standby",
            hint=f"Point {settings.system.prefix}TARGET_HOST and {settings.system.prefix}TARGET_PORT at the primary.",
        )
    users = list(settings.roles.values())
    known: dict[str, bool] = dict(
        connection.execute(
            "select rolname, rolsuper or rolreplication or rolbypassrls from pg_roles where rolname = any (%s)", [users]
        ).fetchall()
    )
    connection.rollback()
    missing = [user for user in users if user not in known]
    if missing:
        raise RefusedError(
            f"the server has no role {', '.join(missing)}",
            hint="Have an administrator run: "
            + "; ".join(f"create role {user} login password '...'" for user in missing),
        )
    powerful = [user for user in users if known[user]]
    if powerful:
        raise RefusedError(
            f"role {', '.join(powerful)} is a superuser, replicates or bypasses row-level security",
            hint="Use ordinary roles: privileges are one of the things that keep a mistake small.",
        )
