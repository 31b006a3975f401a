"""The sandbox's servers together: private ones, or servers that exist already, named by URL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import botocore.exceptions
import psycopg
import pymysql
from pyrage.x25519 import Identity

from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.settings import Settings
from sandbox.dispatch.databases import Databases
from sandbox.servers import mariadb, metabase, postgres, process, s3
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.metabase import Metabase
from sandbox.servers.postgres import Postgres
from sandbox.servers.s3 import S3
from sandbox.servers.state import ServerRecord, State, claim_data_folder, load, save

PROGRAMS = {
    "mariadb": mariadb.PROGRAM,
    "postgres": postgres.PROGRAM,
    "s3": s3.PROGRAM,
    "metabase": metabase.PROGRAM,
}
SOURCE_DATABASE, TARGET_DATABASE, BUCKET = "dtx1", "dtx2", "dtx2-files"
DISPATCH_SOURCE, DISPATCH_TARGET = "dispatch", "orders"
ACCESS_KEY = "AKIASANDBOX"
TIME_ZONE = "America/New_York"
VARIABLES = {"mariadb": "SANDBOX_MARIADB_URL", "postgres": "SANDBOX_POSTGRES_URL", "s3": "SANDBOX_S3_URL"}


@dataclass(frozen=True)
class Stack:
    """Servers, and what a migration finds on them; without a Metabase its settings stay empty."""

    mariadb: MariaDB
    postgres: Postgres
    s3: S3
    efs_root: Path
    source_database: str = SOURCE_DATABASE
    target_database: str = TARGET_DATABASE
    bucket: str = BUCKET
    metabase: Metabase | None = None
    dispatch_source: str = DISPATCH_SOURCE
    dispatch_target: str = DISPATCH_TARGET

    @property
    def dispatch(self) -> Databases:
        """The dispatch migration's two databases, on the same PostgreSQL."""
        return Databases(self.postgres, self.dispatch_source, self.dispatch_target)

    def settings(self) -> Settings:
        """The migration's settings for these servers; nothing is read from `.env`."""
        return self.postgres.settings(
            self.target_database,
            source_host=self.mariadb.host,
            source_port=self.mariadb.port,
            source_database=self.source_database,
            source_user=self.mariadb.reader_user,
            source_password=self.mariadb.reader_password,
            efs_root=self.efs_root,
            s3_bucket=self.bucket,
            s3_endpoint_url=self.s3.endpoint_url,
            archive_url=f"s3://{self.bucket}/archive",
            archive_recipients=str(self._archive_identity().to_public()),
            archive_identity_file=self.archive_identity_file,
            archive_mask_key=sha256(f"mask {self.postgres.role_password}".encode()).hexdigest(),
            archive_restore_password=self.mariadb.password,
            metabase_url=self.metabase.url if self.metabase else None,
            metabase_api_key=self.metabase.api_key if self.metabase else None,
            reporting_user=postgres.REPORTING,
            reporting_password=self.postgres.role_password,
            reporting_time_zone=TIME_ZONE,
        )

    @property
    def archive_identity_file(self) -> Path:
        """The age identity that opens this sandbox's archives; beside the EFS folder."""
        return self.efs_root.with_name("archive-identity.txt")

    def _archive_identity(self) -> Identity:
        if not self.archive_identity_file.exists():
            self.archive_identity_file.parent.mkdir(parents=True, exist_ok=True)
            process.write_private(self.archive_identity_file, f"{Identity.generate()}\n", None)
        return Identity.from_str(self.archive_identity_file.read_text().strip())


def start(home: Path, environment: Mapping[str, str]) -> Stack:
    """Start what is not running, create the databases and the bucket, and remember it all in `home`.

    Args:
        home: the sandbox's folder.
        environment: where `VARIABLES` may name servers to use instead of private ones.

    Raises:
        ConfigurationError: a URL cannot be read.
        RefusedError: a server named by URL has databases or accounts of our names that we did not make.
        ServiceError: a server does not start or answer; those started here are stopped again.
    """
    new = not (home / "state.json").exists()
    state = load(home)
    claim_data_folder(Path(state.data_folder))
    if new:
        # Nobody knows the passwords of servers and data that lie there still: somebody removed the sandbox by hand.
        _remove_servers(Path(state.data_folder))
    save(home, state)
    urls = {name: _parse(variable, environment.get(variable, "")) for name, variable in VARIABLES.items()}
    try:
        # Side by side: each waits mostly for its own process.
        with ThreadPoolExecutor() as pool:
            mariadb_server = pool.submit(_mariadb, state, urls["mariadb"])
            postgres_server = pool.submit(_postgres, state, urls["postgres"])
            s3_server = pool.submit(_s3, state, urls["s3"])
            reporting = _metabase(state)
        stack = Stack(
            mariadb_server.result(), postgres_server.result(), s3_server.result(), home / "efs", metabase=reporting
        )
        ports = {"mariadb": stack.mariadb.port, "postgres": stack.postgres.port, "s3": stack.s3.port}
        for name, port in {**ports, "metabase": reporting.port}.items():
            address = urls.get(name)
            state.servers[name] = address.record() if address else _private_record(state, name, port)
        save(home, state)
        _create_databases(home, state, stack)
    except BaseException:
        stop(home)
        raise
    stack.efs_root.mkdir(exist_ok=True)
    return stack


def stop(home: Path) -> None:
    """Stop the private servers; harmless when none runs. Servers named by URL are left alone."""
    state = load(home)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: process.stop(Path(state.data_folder) / name, PROGRAMS[name]), PROGRAMS))
    for record in state.servers.values():
        record.pid = record.started = None
    save(home, state)


def renew_metabase(home: Path) -> None:
    """Let the sandbox's Metabase forget everything but its set-up; its address and its key stay."""
    state = load(home)
    folder = Path(state.data_folder) / "metabase"
    metabase.stop(folder)
    (folder / metabase.STATE_FILE).unlink(missing_ok=True)
    state.servers["metabase"] = _private_record(state, "metabase", _metabase(state).port)
    save(home, state)


def remove_data(home: Path) -> None:
    """Stop the private servers and delete the sandbox with its data, wherever they lie."""
    data = Path(load(home).data_folder)
    _remove_servers(data)
    remove_tree(home)
    if data.exists():
        data.rmdir()


def remove_tree(folder: Path) -> None:
    """Delete a folder; folders in it may lack the permission that deleting their contents needs, as in the EFS tree."""
    for inner in folder.rglob("*"):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o700)
    shutil.rmtree(folder)


def _remove_servers(data: Path) -> None:
    for name, program in PROGRAMS.items():
        process.stop(data / name, program)
        shutil.rmtree(data / name, ignore_errors=True)


@dataclass(frozen=True)
class Address:
    """A server that exists already, as its URL names it."""

    url: str
    host: str
    port: int
    user: str
    password: str

    def record(self) -> ServerRecord:
        """What the state remembers of it: no process, since it is not ours."""
        return ServerRecord(self.host, self.port, private=False)


def _parse(variable: str, url: str) -> Address | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        if not (parts.hostname and parts.port and parts.username and parts.password):
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            f"{variable} is not a URL with user, password, host and port",
            hint="Its shape is scheme://user:password@host:port; special characters of the password percent-encoded.",
        ) from None
    bare = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    return Address(bare, parts.hostname, parts.port, unquote(parts.username), unquote(parts.password))


@contextmanager
def _reached(address: Address) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, pymysql.Error, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise ServiceError(
            f"cannot use {address.url}: {type(error).__name__}",
            hint="Is it up, and may this account create databases and accounts?",
        ) from None


def _mariadb(state: State, address: Address | None) -> MariaDB:
    passwords = state.passwords
    if address is None:
        return mariadb.start(
            Path(state.data_folder) / "mariadb",
            password=passwords.mariadb_admin,
            reader_password=passwords.mariadb_reader,
            port=_usual_port(state, "mariadb"),
        )
    server = MariaDB(
        address.host, address.port, address.user, address.password, mariadb.READER, passwords.mariadb_reader
    )
    with _reached(address):
        server.create_reader()
    return server


def _postgres(state: State, address: Address | None) -> Postgres:
    passwords = state.passwords
    if address is None:
        return postgres.start(
            Path(state.data_folder) / "postgres",
            password=passwords.postgres_superuser,
            role_password=passwords.postgres_roles,
            port=_usual_port(state, "postgres"),
        )
    server = Postgres(address.host, address.port, address.user, address.password, passwords.postgres_roles)
    with _reached(address):
        server.create_roles()
    return server


def _s3(state: State, address: Address | None) -> S3:
    if address is None:
        return s3.start(
            Path(state.data_folder) / "s3",
            access_key=ACCESS_KEY,
            secret_key=state.passwords.s3_secret_key,
            port=_usual_port(state, "s3"),
        )
    server = S3(address.url, address.user, address.password)
    with _reached(address):
        server.client().list_buckets()
    return server


def _metabase(state: State) -> Metabase:
    return metabase.start(
        Path(state.data_folder) / "metabase",
        api_key=state.passwords.metabase_api_key,
        password=state.passwords.metabase_admin,
        time_zone=TIME_ZONE,
        port=_usual_port(state, "metabase"),
    )


def _usual_port(state: State, name: str) -> int:
    """The port that the server had; before its first start one that follows from its folder, below those of clients.

    For a server at another address dbt would parse the whole project again.
    """
    if record := state.servers.get(name):
        return record.port
    return 20000 + int(sha256(f"{state.data_folder}/{name}".encode()).hexdigest(), 16) % 10000


def _private_record(state: State, name: str, port: int) -> ServerRecord:
    server = process.main_process(Path(state.data_folder) / name, PROGRAMS[name])
    if server is None:
        raise ServiceError(
            f"{name} ended right after its start", hint="Its server.log in the sandbox's folder says why."
        )
    return ServerRecord("127.0.0.1", port, private=True, pid=server.pid, started=server.create_time())


def _create_databases(home: Path, state: State, stack: Stack) -> None:
    stack.dispatch.create_roles()
    for kind, server, name, create in (
        ("mariadb", stack.mariadb, stack.source_database, stack.mariadb.create_database),
        ("postgres", stack.postgres, stack.target_database, stack.postgres.create_database),
        ("postgres", stack.postgres, stack.dispatch_source, stack.dispatch.create_source),
        ("postgres", stack.postgres, stack.dispatch_target, stack.dispatch.create_target),
    ):
        private = state.servers[kind].private
        where = f"{server.host}:{server.port}/{name}"
        if server.has_database(name):
            if not private and where not in state.databases:
                raise RefusedError(
                    f"database {where} exists and the sandbox did not make it",
                    hint="Drop it if nobody needs it, or give the sandbox another server.",
                )
            continue
        if not private:
            state.databases.append(where)
            save(home, state)
        create(name)
    stack.s3.create_bucket(stack.bucket)
