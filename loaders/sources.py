"""The taps' settings for the legacy servers, made of the migration's own."""

from __future__ import annotations

from loaders.settings import Settings
from loaders.singer.tap_mysql.config import TapConfig as MySQLConfig
from loaders.singer.tap_postgres.config import TapConfig as PostgresConfig


def mysql_config(settings: Settings) -> MySQLConfig:
    """How to read a source that is MySQL."""
    return MySQLConfig(
        host=settings.source_host,
        port=settings.source_port,
        user=settings.source_user,
        password=settings.source_password,
        database=settings.source_database,
        tls_ca=settings.source_tls_ca,
    )


def postgres_config(settings: Settings) -> PostgresConfig:
    """How to read a source that is PostgreSQL."""
    return PostgresConfig(
        host=settings.source_host,
        port=settings.source_port,
        user=settings.source_user,
        password=settings.source_password,
        database=settings.source_database,
        tls_ca=settings.source_tls_ca,
    )
