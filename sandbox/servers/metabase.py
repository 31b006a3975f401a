"""The stand-in Metabase as a process of its own; `sandbox/metabase/` is what it runs."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.servers import process

PROGRAM = process.Program("sandbox.metabase")
STATE_FILE = "metabase.sqlite"
KEY_VARIABLE, PASSWORD_VARIABLE = "SANDBOX_METABASE_API_KEY", "SANDBOX_METABASE_PASSWORD"


@dataclass(frozen=True)
class Metabase:
    """How to reach a Metabase: its address without /api, and a key of the group Administrators."""

    url: str
    api_key: str

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.url.rsplit(":", 1)[1])


def start(folder: Path, *, api_key: str, password: str, time_zone: str, port: int | None = None) -> Metabase:
    """Start the stand-in whose state lies in `folder`, as a process of its own.

    Args:
        folder: private to this server.
        api_key: handed to clients.
        password: the administrator's.
        time_zone: the report time zone.
        port: taken when free.

    Raises:
        ServiceError: the server does not start.
    """
    process.private_folder(folder, None)

    def is_ready(on_port: int) -> bool:
        request: Any = urllib.request.Request(
            f"http://127.0.0.1:{on_port}/api/user/current", headers={"X-API-KEY": api_key}
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    chosen = process.start(
        PROGRAM,
        folder,
        lambda on_port: [sys.executable, "-m", PROGRAM.name, str(on_port), time_zone],
        is_ready,
        environment=lambda _: {KEY_VARIABLE: api_key, PASSWORD_VARIABLE: password},
        preferred_port=port,
    )
    return Metabase(f"http://127.0.0.1:{chosen}", api_key)


def stop(folder: Path) -> None:
    """Stop the stand-in in `folder`; harmless when none runs."""
    process.stop(folder, PROGRAM)
