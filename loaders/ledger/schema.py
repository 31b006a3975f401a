"""Creates and upgrades the ledger's tables with alembic."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine  # noqa: TID251 - alembic takes a SQLAlchemy connection
from sqlalchemy.pool import StaticPool  # noqa: TID251

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_ledger(connection: psycopg.Connection) -> None:
    """Bring schema `migration` to the newest revision; harmless when it is there already.

    Args:
        connection: a connection of the owner role; committed.
    """
    connection.execute("create schema if not exists migration")
    connection.commit()
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as alchemy_connection:
        config.attributes["connection"] = alchemy_connection
        command.upgrade(config, "head")
        alchemy_connection.commit()
    connection.commit()
