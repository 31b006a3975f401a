"""What the sandbox remembers between commands: `.sandbox/state.json`, for its owner's eyes only."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from loaders.errors import RefusedError, ServiceError
from sandbox.servers import mariadb, postgres, process

# A socket address holds 108 bytes, the final zero included.
_LONGEST_SOCKET_PATH = 107


@dataclass
class ServerRecord:
    """One server: where it listens, and its process when it is ours."""

    host: str
    port: int
    private: bool
    pid: int | None = None
    started: float | None = None


@dataclass
class Passwords:
    """Made once per sandbox; letters and digits, so that no quoting rule can matter."""

    mariadb_admin: str = field(default_factory=lambda: secrets.token_hex(16))
    mariadb_reader: str = field(default_factory=lambda: secrets.token_hex(16))
    postgres_superuser: str = field(default_factory=lambda: secrets.token_hex(16))
    postgres_roles: str = field(default_factory=lambda: secrets.token_hex(16))
    s3_secret_key: str = field(default_factory=lambda: secrets.token_hex(20))
    metabase_admin: str = field(default_factory=lambda: secrets.token_hex(16))
    metabase_api_key: str = field(default_factory=lambda: f"mb_{secrets.token_hex(20)}")


@dataclass
class State:
    """The sandbox's memory.

    `data_folder` holds one folder per private server. `databases` names, as server/database, what the sandbox created
    on servers that are not its own.
    """

    data_folder: str
    passwords: Passwords = field(default_factory=Passwords)
    servers: dict[str, ServerRecord] = field(default_factory=dict)
    databases: list[str] = field(default_factory=list)


def load(home: Path) -> State:
    """Read the state of the sandbox at `home`; a new one where there is none.

    Raises:
        ServiceError: the file is not ours to read or not a state file.
    """
    path = home / "state.json"
    try:
        document = json.loads(path.read_text())
        return State(
            data_folder=document["data_folder"],
            passwords=Passwords(**document["passwords"]),
            servers={name: ServerRecord(**record) for name, record in document["servers"].items()},
            databases=document["databases"],
        )
    except FileNotFoundError:
        return State(data_folder=str(choose_data_folder(home)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServiceError(
            f"cannot read {path}: {type(error).__name__}",
            hint=f"Was the sandbox started by another user? Otherwise remove {home} and start again.",
        ) from None


def save(home: Path, state: State) -> None:
    """Write the state; a reader sees the old file or the new one, never half of one."""
    home.mkdir(parents=True, exist_ok=True)
    new = home / "state.json.new"
    process.write_private(new, json.dumps({"schema": "dtx.sandbox/1", **asdict(state)}, indent=2) + "\n", None)
    new.replace(home / "state.json")


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold the sandbox for one command; the kernel frees it when the holder is killed.

    Raises:
        RefusedError: another command holds it.
        ServiceError: it belongs to another user.
    """
    home.mkdir(parents=True, exist_ok=True)
    try:
        lock = (home / "lock").open("w")
    except PermissionError:
        raise ServiceError(f"the sandbox in {home} belongs to another user", hint="Use it as that user.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"another sandbox command is at work in {home}", hint="Wait for it to end, then try again."
            ) from None
        yield


def choose_data_folder(home: Path) -> Path:
    """`home` where it serves, else a folder of the temporary directory whose name follows from `home`.

    `home` does not serve when a socket in it has too long a path, or when root runs the servers as users that cannot
    get there.
    """
    home = home.resolve()
    accounts = [process.unprivileged_account(program) for program in (mariadb.PROGRAM, postgres.PROGRAM)]
    reachable = all(account is None or process.can_reach(home / "mariadb", account) for account in accounts)
    if reachable and len(os.fsencode(home / "mariadb" / "s")) < _LONGEST_SOCKET_PATH:
        return home
    return Path(tempfile.gettempdir()) / f"dtx-sandbox-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"


def claim_data_folder(folder: Path) -> None:
    """Create the data folder, or make sure that it is ours: anybody can make one in the temporary directory.

    Raises:
        ServiceError: somebody else's folder has that name.
    """
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise ServiceError(f"{folder} belongs to another user", hint="Remove it, or set TMPDIR to a folder of yours.")
    folder.chmod(0o711)
