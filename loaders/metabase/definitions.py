"""What dbt built for Metabase, read with one set of words for what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from loaders.errors import ConfigurationError, ServiceError
from loaders.metabase.catalogue import Catalogue, read_catalogue
from loaders.metabase.desired import Formats


@contextmanager
def understood() -> Iterator[None]:
    """Around whatever reads the catalogue or writes the ledger.

    Raises:
        ConfigurationError: something has not been built, or may not be read.
        ServiceError: a query failed.
    """
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        raise ConfigurationError(
            f"the catalogue of reports or the ledger is missing or of older code (SQLSTATE {error.sqlstate})",
            hint="Run dtx setup, then dbt build.",
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            "a role may not read the catalogue or write the ledger", hint="Run dtx setup again."
        ) from None
    except psycopg.Error as error:
        raise ServiceError(
            f"PostgreSQL failed (SQLSTATE {error.sqlstate or 'none: the connection was lost'})",
            hint="What was applied is recorded; run this again.",
        ) from None


def read_reports(connection: psycopg.Connection) -> Catalogue:
    """The catalogue, which must hold a report: nothing found is not the same as nothing to show (R6).

    Raises:
        ConfigurationError: it holds none.
    """
    catalogue = read_catalogue(connection)
    if not catalogue.questions:
        raise ConfigurationError(
            "migration_catalogue.cat_dtx1__question has no row", hint="Replicate DTX 1.0's reports, then run dbt build."
        )
    return catalogue


def read_formats(connection: psycopg.Connection) -> Formats:
    """Display format -> Metabase's column settings, from the seed."""
    return dict(
        connection.execute(
            "select display_format, metabase_settings::jsonb from migration_seeds.display_formats"
        ).fetchall()
    )
