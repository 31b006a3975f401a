"""A private MariaDB set up as the lax old server that DTX 1.0 lives on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from loaders.errors import RefusedError, ServiceError
from sandbox.servers import process

PROGRAM = process.Program("mariadbd", accounts=("mysql", "nobody"))
_INSTALLER = process.Program("mariadb-install-db")
ADMIN, READER = "dtx1_admin", "dtx1_reader"

# What a server of DTX 1.0's age does by default: no strict mode, latin1, a first TIMESTAMP column that updates itself.
_LEGACY = (
    "--sql-mode=",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
    "--explicit-defaults-for-timestamp=OFF",
    "--local-infile=1",
)
# Nothing waits for the disk: a crash of the machine may lose data, a killed server loses no commit. For that, the log
# is handed to the system at each commit (2); 0 may lose the last second of them.
_FAST = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=256M",
    "--max-allowed-packet=64M",
)


@dataclass(frozen=True)
class MariaDB:
    """How to reach a MariaDB: the account that creates databases, and the one the migration reads with."""

    host: str
    port: int
    user: str
    password: str
    reader_user: str
    reader_password: str
    socket: Path | None = None

    def connect(self, database: str | None = None, **options: Any) -> pymysql.Connection[Any]:
        """Open a connection as the administrator; `options` are pymysql's."""
        settings: dict[str, Any] = {"charset": "utf8mb4", "autocommit": True, "local_infile": True, **options}
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, database=database, **settings
        )

    def create_reader(self) -> None:
        """Create the account the migration reads with: reading, and the read lock that one snapshot needs (E4).

        Raises:
            RefusedError: the account exists with a password that is not ours.
        """
        with self.connect() as connection, connection.cursor() as cursor:
            account = [self.reader_user, "%"]
            cursor.execute("create user if not exists %s@%s identified by %s", [*account, self.reader_password])
            cursor.execute("grant select, show view, lock tables, reload on *.* to %s@%s", account)
        try:
            pymysql.connect(
                host=self.host, port=self.port, user=self.reader_user, password=self.reader_password
            ).close()
        except pymysql.OperationalError:
            raise RefusedError(
                f"account {self.reader_user} exists on {self.host}:{self.port} and its password is not the sandbox's",
                hint="This server serves somebody else; give the sandbox another one, or none.",
            ) from None

    def has_database(self, name: str) -> bool:
        """Whether the database exists."""
        with self.connect() as connection, connection.cursor() as cursor:
            return bool(cursor.execute("select 1 from information_schema.schemata where schema_name = %s", [name]))

    def create_database(self, name: str) -> None:
        """Create an empty database with the server's defaults; `name` is trusted."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"create database if not exists `{name}`")

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there; `name` is trusted."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"drop database if exists `{name}`")


def start(
    folder: Path,
    *,
    password: str,
    reader_password: str,
    port: int | None = None,
    time_zone: str = "+00:00",
    certificate: Path | None = None,
) -> MariaDB:
    """Start the MariaDB whose data lie in `folder`, creating them the first time.

    Args:
        folder: private to this server; reachable by the user it runs as.
        password: the administrator's; letters and digits.
        reader_password: the reader's; letters and digits.
        port: taken when free.
        time_zone: the server's default zone, as an offset.
        certificate: PEM file of the server's certificate and its private key; no TLS without.

    Raises:
        ServiceError: the binaries are missing, or the server does not start.
    """
    account = process.unprivileged_account(PROGRAM)
    process.private_folder(folder, account)
    data, socket = folder / "data", folder / "s"
    # A MariaDB that starts deletes every temporary table in its folder, those of other servers too.
    environment = {"TMPDIR": str(process.private_folder(folder / "tmp", account))}
    # `complete` is written last: a first start that was killed in the middle begins anew.
    if not (folder / "complete").exists():
        # One whose starter was killed would start another server on the same data.
        process.stop(folder, _INSTALLER)
        process.stop(folder, PROGRAM)
        shutil.rmtree(data, ignore_errors=True)
        _install(data, account.pw_name if account else None, environment)
        (folder / "complete").touch()
    initial = folder / "init.sql"
    administrator = (
        f"create or replace user '{ADMIN}'@'%' identified by '{password}';\n"
        f"grant all privileges on *.* to '{ADMIN}'@'%' with grant option;\n"
    )
    process.write_private(initial, administrator, account)

    def server(on_port: int) -> MariaDB:
        return MariaDB("127.0.0.1", on_port, ADMIN, password, READER, reader_password, socket)

    def is_ready(on_port: int) -> bool:
        try:
            server(on_port).connect(connect_timeout=2).close()
        except pymysql.Error:
            return False
        return True

    def command(on_port: int) -> list[str]:
        return [
            _binary("mariadbd"),
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={socket}",
            f"--pid-file={folder / 'pid'}",
            f"--init-file={initial}",
            "--bind-address=127.0.0.1",
            f"--port={on_port}",
            "--skip-name-resolve",
            f"--default-time-zone={time_zone}",
            *([f"--ssl-cert={certificate}", f"--ssl-key={certificate}"] if certificate else []),
            *_LEGACY,
            *_FAST,
        ]

    chosen = process.start(
        PROGRAM, folder, command, is_ready, account=account, environment=lambda _: environment, preferred_port=port
    )
    running = server(chosen)
    running.create_reader()
    return running


def stop(folder: Path) -> None:
    """Stop the MariaDB in `folder`; harmless when none runs."""
    process.stop(folder, PROGRAM)


def _install(data: Path, account: str | None, environment: Mapping[str, str]) -> None:
    # root@localhost may log in over the socket as the server's own user only, so no empty password is left open.
    command = [
        _binary(_INSTALLER.name),
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=socket",
        "--skip-test-db",
        "--skip-name-resolve",
        *([f"--user={account}", f"--auth-root-socket-user={account}"] if account else []),
    ]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=data.parent, env={**os.environ, **environment}
    )
    if result.returncode:
        raise ServiceError(
            f"mariadb-install-db ended with {result.returncode} in {data}",
            hint=f"Its last words: {' '.join((result.stdout + result.stderr).split())[-300:]}",
        )


def _binary(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise ServiceError(f"{name} is not installed", hint="Install Debian's mariadb-server, or run `make setup`.")
    return found
