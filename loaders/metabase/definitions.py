"""A connection for reading what dbt built: the catalogue, and the seeds beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from loaders.database import connect
from loaders.errors import ConfigurationError, ServiceError
from loaders.settings import Settings


@contextmanager
def definitions(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the transform role, not in a transaction.

    Raises:
        ConfigurationError: inside, something was read that dbt has not built.
        ServiceError: the server is out of reach, or a query inside failed.
    """
    try:
        with connect(settings, "transform", autocommit=True) as connection:
            yield connection
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        raise ConfigurationError(
            f"the catalogue of reports has not been built, or by older code (SQLSTATE {error.sqlstate})",
            hint="Run dbt build, and dtx setup before the first one.",
        ) from None
    except psycopg.Error as error:
        raise ServiceError(f"the catalogue cannot be read (SQLSTATE {error.sqlstate or 'none'})") from None
