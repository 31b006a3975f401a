"""Errors by what the operator can do about them; each carries its exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command (spec: reliability R4)."""

    CLEAN = 0
    LOSS = 1
    COULD_NOT_RUN = 2
    REFUSED = 3


class MigrationError(Exception):
    """Root of the taxonomy.

    Args:
        message: what happened and where (table.column, key); never a row value or a secret.
        hint: what to do next.
    """

    exit_code = ExitCode.COULD_NOT_RUN

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(MigrationError):
    """A setting is missing or wrong; found before anything starts."""


class ServiceError(MigrationError):
    """A server or file system could not be reached, or failed for longer than the retries last."""


class LossError(MigrationError):
    """Rows or files are missing, changed or unexplained, or a reject budget is spent."""

    exit_code = ExitCode.LOSS


class RefusedError(MigrationError):
    """The command could run and must not: another holder, a broken contract, an open decision, a wrong database."""

    exit_code = ExitCode.REFUSED
