"""Reading the source systems over TLS: the server proves that it is the host, or nothing is sent to it."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from loaders.errors import ConfigurationError, ServiceError
from loaders.singer.tap_mysql.config import TapConfig
from loaders.singer.tap_mysql.reader import read_lines
from loaders.singer.tap_mysql.source import connect, query
from loaders.singer.tap_postgres.config import TapConfig as PostgresConfig
from loaders.singer.tap_postgres.source import connect as connect_postgres
from sandbox.servers import mariadb as mariadb_server
from sandbox.servers import postgres as postgres_server
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import SUPERUSER, Postgres


def make_certificate(folder: Path, name: str, host: str) -> Path:
    """A self-signed certificate, which is its own CA, and its key in one file that every account may read."""
    key, certificate, both = folder / f"{name}.key", folder / f"{name}.crt", folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=IP:{host}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_text(key.read_text() + certificate.read_text())
    both.chmod(0o644)
    return both


@pytest.fixture(scope="module")
def certificates(servers_folder: Path) -> dict[str, Path]:
    hosts = {"legacy": "127.0.0.1", "elsewhere": "192.0.2.1", "stranger": "127.0.0.1"}
    return {name: make_certificate(servers_folder, name, host) for name, host in hosts.items()}


@pytest.fixture(scope="module")
def server(servers_folder: Path, certificates: dict[str, Path]) -> MariaDB:
    return _start(servers_folder / "tls", certificates["legacy"])


def _start(folder: Path, certificate: Path) -> MariaDB:
    return mariadb_server.start(
        folder, password=secrets.token_hex(12), reader_password=secrets.token_hex(12), certificate=certificate
    )


def config(server: MariaDB, ca: Path | None) -> TapConfig:
    return TapConfig(
        host=server.host,
        port=server.port,
        user=server.reader_user,
        password=SecretStr(server.reader_password),
        database="mysql",
        tls_ca=ca,
    )


def test_rows_come_over_tls_from_a_server_that_proves_itself(server: MariaDB, certificates: dict[str, Path]) -> None:
    connection = connect(config(server, certificates["legacy"]))

    assert query(connection, "show status like 'Ssl_cipher'")[0][1]
    lines = b"".join(block for block, _ in read_lines(connection, "select repeat('é', seq) from seq_1_to_3000", "t"))

    assert lines.decode().splitlines() == ["é" * length for length in range(1, 3001)]


@pytest.mark.parametrize("ca", ["stranger", "elsewhere"])
def test_a_server_with_another_certificate_is_refused(server: MariaDB, certificates: dict[str, Path], ca: str) -> None:
    with pytest.raises(ServiceError) as refused:
        connect(config(server, certificates[ca]))

    assert "DTX_SOURCE_TLS_CA" in str(refused.value.hint)


def test_a_certificate_for_another_host_is_refused(servers_folder: Path, certificates: dict[str, Path]) -> None:
    impostor = _start(servers_folder / "impostor", certificates["elsewhere"])

    with pytest.raises(ServiceError):
        connect(config(impostor, certificates["elsewhere"]))


def test_a_server_without_tls_is_refused_where_a_ca_is_set(mariadb: MariaDB, certificates: dict[str, Path]) -> None:
    with pytest.raises(ServiceError):
        connect(config(mariadb, certificates["legacy"]))


def test_a_ca_file_that_cannot_be_read_is_named(mariadb: MariaDB, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        connect(config(mariadb, tmp_path / "ca.pem"))


@pytest.fixture(scope="module")
def secure_postgres(servers_folder: Path, certificates: dict[str, Path]) -> Postgres:
    folder = servers_folder / "tls-postgres"
    server = postgres_server.start(folder, password=secrets.token_hex(12), role_password=secrets.token_hex(12))
    key = folder / "data" / "both.pem"
    shutil.copy(certificates["legacy"], key)
    shutil.chown(key, (folder / "data").stat().st_uid)
    key.chmod(0o600)
    with server.connect(autocommit=True) as connection:
        for name, value in (("ssl_cert_file", "both.pem"), ("ssl_key_file", "both.pem"), ("ssl", "on")):
            connection.execute(f"alter system set {name} = '{value}'")  # type: ignore[arg-type]
        connection.execute("select pg_reload_conf()")
    return server


def postgres_config(server: Postgres, ca: Path) -> PostgresConfig:
    return PostgresConfig(
        host=server.host,
        port=server.port,
        user=SUPERUSER,
        password=SecretStr(server.password),
        database="postgres",
        tls_ca=ca,
    )


def test_postgres_is_read_over_tls_once_it_has_proved_itself(
    secure_postgres: Postgres, certificates: dict[str, Path]
) -> None:
    with connect_postgres(postgres_config(secure_postgres, certificates["legacy"])) as connection:
        row = connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()

    assert row == (True,)


def test_a_postgres_that_cannot_prove_itself_is_refused(
    secure_postgres: Postgres, postgres: Postgres, certificates: dict[str, Path]
) -> None:
    for server, ca in ((secure_postgres, "stranger"), (postgres, "legacy")):
        with pytest.raises(ServiceError) as refused:
            connect_postgres(postgres_config(server, certificates[ca]))
        assert "DISPATCH_SOURCE_TLS_CA" in str(refused.value.hint)
