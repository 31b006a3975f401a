"""The reference DTX 2.0: a Django project whose own migrations make the target's tables.

What stands in for DTX 2.0 where the real one is not at hand. Its tables are what Django makes of the models: identity
columns, deferrable foreign keys, varchar(100) files, jsonb, no database defaults, and choices and validators that the
database does not know. Outside the publish models nothing knows a target column by name.

Rows that Areas 1-6 must have left before Areas 11 and 12 run, each with its line in `migration.id_map`; parents that an
area rejected or skipped have a line with that state and no row:

- `auth_user`, with entity `user` (Area 1).
- `docutrax_hierarchy_directory`; `_account`, with entity `account`; `_accountemail`, with the reviewer addresses that
  Area 2 took from customer.reviewer_email; `docutrax_billing_billingprofile`, one per account (Area 2).
- `docutrax_hierarchy_record`, with entity `record` (Area 3).
- `docutrax_profiles_certificate` and `_document`, with entities `certificate` and `document`, and `repo_file` for
  every file that Area 4 processed (Area 4).
- `docutrax_profiles_requirementsgroup`, `_requirementsgroupmember`, `_coiriskprofile`, `_docrequirement`, with entity
  `requirements` twice: once for the group and once for the risk profile (Area 6).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from loaders.errors import ServiceError
from loaders.settings import PROJECT_ROOT


@dataclass(frozen=True)
class Database:
    """Where a reference DTX 2.0 lives, and the role that owns its tables."""

    host: str
    port: int
    name: str
    password: str
    user: str = "dtx2"


def migrate(database: Database) -> None:
    """Create or upgrade the application's tables with Django's own migrations.

    Raises:
        ServiceError: Django refused or could not connect.
    """
    manage(database, "migrate", "--no-input", "--verbosity=0")


def judge(database: Database, *models: str) -> list[dict[str, Any]]:
    """Rows that Django's full_clean refuses (reliability M7): choices, validators, lengths and uniqueness.

    Args:
        database: where the rows are.
        models: labels such as `docutrax_profiles.Document`.

    Returns:
        One entry per refused row: `model`, `id`, and `fields`, field name → error codes. Empty when Django agrees.

    Raises:
        ServiceError: Django refused or could not connect.
    """
    refused: list[dict[str, Any]] = json.loads(manage(database, "judge", *models))
    return refused


def manage(database: Database, *arguments: str) -> str:
    """Run one Django management command in a process of its own, and return what it printed.

    Raises:
        ServiceError: the command failed; the message carries Django's last line.
    """
    environment = os.environ | {
        "SANDBOX_DTX2_HOST": database.host,
        "SANDBOX_DTX2_PORT": str(database.port),
        "SANDBOX_DTX2_DATABASE": database.name,
        "SANDBOX_DTX2_USER": database.user,
        "SANDBOX_DTX2_PASSWORD": database.password,
    }
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.dtx2.manage", *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last_line = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise ServiceError(
            f"manage.py {arguments[0]} failed on {database.host}:{database.port}/{database.name}: {last_line}",
            hint="Is the server up, and may this role create tables in schema public?",
        )
    return done.stdout
