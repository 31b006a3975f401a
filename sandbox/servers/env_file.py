"""The `.env` that the sandbox writes: every setting, and a seal, so that nobody's own file is overwritten."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from pydantic import SecretStr

from loaders.errors import RefusedError
from loaders.settings import Settings
from sandbox.servers import process
from sandbox.servers.stack import Stack

_SEAL = "# Written by `python -m sandbox start` and removed by its stop; a changed copy is left alone. Seal: "


def variables(stack: Stack) -> dict[str, str]:
    """Every environment variable that the migration, the AWS clients and dbt read, for these servers."""
    settings = stack.settings()
    found = {f"DTX_{name.upper()}": _plain(getattr(settings, name)) for name in Settings.model_fields}
    found |= stack.s3.environment | stack.dispatch.environment()
    return found | {"DBT_PROJECT_DIR": "dbt_project", "DBT_PROFILES_DIR": "dbt_project"}


def check(path: Path) -> None:
    """Make sure that `path` is free or holds what the sandbox wrote.

    Raises:
        RefusedError: it is somebody's own.
    """
    if path.exists() and not _is_ours(path):
        raise RefusedError(
            f"{path} was not written by the sandbox, or was changed since; it is left as it is",
            hint="Move it away, then start the sandbox again.",
        )


def write(path: Path, stack: Stack) -> None:
    """Write the variables to `path`, readable by its owner alone.

    Raises:
        RefusedError: the file there is somebody's own.
    """
    check(path)
    body = "".join(f"{name}={shlex.quote(value) if value else ''}\n" for name, value in variables(stack).items())
    new = path.with_name(path.name + ".new")
    process.write_private(new, f"{_SEAL}{_digest(body)}\n{body}", None)
    new.replace(path)


def remove(path: Path) -> None:
    """Remove `path` if it holds what the sandbox wrote."""
    if path.exists() and _is_ours(path):
        path.unlink()


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _is_ours(path: Path) -> bool:
    first, _, body = path.read_text(errors="replace").partition("\n")
    return first == _SEAL + _digest(body)
