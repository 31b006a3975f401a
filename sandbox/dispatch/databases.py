"""The dispatch migration's two databases on the sandbox's PostgreSQL: created, and reached by each role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from loaders.settings import DispatchSettings
from loaders.systems import DISPATCH

if TYPE_CHECKING:
    from sandbox.servers.postgres import Postgres

# The source's two roles; the application's, and the migration's four on the target (reliability P15).
SOURCE_APPLICATION, READER, TARGET_APPLICATION, TRANSFORM, PUBLISHER, ROLLBACK, OWNER = ROLES = (
    "dispatch",
    "dispatch_reader",
    "orders",
    "orders_transform",
    "orders_publisher",
    "orders_rollback",
    "orders_owner",
)
SQL_FOLDER = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Databases:
    """The source and the target, by name, and the server they are on."""

    postgres: Postgres
    source_name: str = "dispatch"
    target_name: str = "orders"

    def create(self) -> None:
        """Create the roles where they are missing, and both databases with their empty tables."""
        self.create_roles()
        self.create_source(self.source_name)
        self.create_target(self.target_name)

    def create_roles(self) -> None:
        """Create `ROLES`; the owner may act as the target's application and as the transform role.

        Raises:
            RefusedError: a role exists with a password that is not ours.
        """
        self.postgres.ensure_roles(*ROLES)
        with self.postgres.connect(autocommit=True) as connection:
            connection.execute(f"grant {TARGET_APPLICATION}, {TRANSFORM} to {OWNER}")

    def create_source(self, name: str) -> None:
        """Create the dispatch system's database with its tables, keyless until `add_source_keys`."""
        self.postgres.create_database(name, owner=SOURCE_APPLICATION)
        self._run(name, SOURCE_APPLICATION, "source/*.sql")
        with self.postgres.connect(name, role=SOURCE_APPLICATION) as connection:
            connection.execute(f"grant select on all tables in schema public to {READER}")

    def add_source_keys(self) -> None:
        """Add the source's foreign keys and indexes; quicker once its tables are full."""
        self._run(self.source_name, SOURCE_APPLICATION, "source_keys.sql")

    def create_target(self, name: str) -> None:
        """Create the orders platform's database with its tables, keys included."""
        self.postgres.create_database(name, owner=TARGET_APPLICATION)
        self._run(name, TARGET_APPLICATION, "target/*.sql")

    def drop(self) -> None:
        """Drop both databases if they are there; the roles stay."""
        self.postgres.drop_database(self.source_name)
        self.postgres.drop_database(self.target_name)

    def source(self, **options: Any) -> psycopg.Connection:
        """A connection to the source as the application that owns it, in UTC."""
        return self._connect(self.source_name, SOURCE_APPLICATION, options)

    def target(self, *, role: str = TARGET_APPLICATION, **options: Any) -> psycopg.Connection:
        """A connection to the target in UTC; as the application that owns its tables, where no other role is named."""
        return self._connect(self.target_name, role, options)

    def environment(self) -> dict[str, str]:
        """The variables `DISPATCH_…` that the migration reads."""
        server = {"HOST": self.postgres.host, "PORT": str(self.postgres.port)}
        password = self.postgres.role_password
        found = {"ENVIRONMENT": "sandbox"}
        for side, database, role in (("SOURCE", self.source_name, READER), ("TARGET", self.target_name, TRANSFORM)):
            found |= {f"{side}_{name}": value for name, value in (server | {"DATABASE": database}).items()}
            found |= {f"{side}_USER": role, f"{side}_PASSWORD": password}
        for name, role in (("PUBLISHER", PUBLISHER), ("ROLLBACK", ROLLBACK), ("OWNER", OWNER)):
            found |= {f"{name}_USER": role, f"{name}_PASSWORD": password}
        return {f"{DISPATCH.prefix}{name}": value for name, value in found.items()}

    def settings(self) -> DispatchSettings:
        """The migration's settings for them; nothing is read from `.env`."""
        values: dict[str, Any] = {
            name.removeprefix(DISPATCH.prefix).lower(): value for name, value in self.environment().items()
        }
        return DispatchSettings(_env_file=None, **values)

    def _connect(self, name: str, role: str, options: dict[str, Any]) -> psycopg.Connection:
        return self.postgres.connect(name, role=role, options="-c TimeZone=UTC", **options)

    def _run(self, name: str, role: str, scripts: str) -> None:
        with self.postgres.connect(name, role=role) as connection:
            for script in sorted(SQL_FOLDER.glob(scripts)):
                connection.execute(sql.SQL(script.read_text(encoding="utf-8")))
