"""Settings that must not be written with (X2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import MigrationError, RefusedError
from loaders.settings import Settings
from loaders.setup import commands
from loaders.setup.guard import CONFIRM_VARIABLE, check_settings


def settings(**changes: Any) -> Settings:
    values = {
        "environment": "rehearsal",
        "source_host": "old",
        "source_user": "r",
        "source_password": "p",
        "target_host": "new",
        "target_database": "dtx2",
        "target_user": "transform",
        "target_password": "p",
        "publisher_user": "publisher",
        "publisher_password": "p",
        "rollback_user": "rollback",
        "rollback_password": "p",
        "owner_user": "owner",
        "owner_password": "p",
        "efs_root": Path("efs"),
        "s3_bucket": "b",
    }
    return Settings(_env_file=None, **{**values, **changes})


def test_x2_separate_databases_and_users_pass() -> None:
    check_settings(settings(), None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"source_host": "new", "source_port": 5432, "source_database": "dtx2"},
            "source and target are the same database dtx2",
        ),
        ({"publisher_user": "owner"}, "publisher, owner share one database user"),
        ({"rollback_user": "publisher"}, "publisher, rollback share one database user"),
        ({"environment": "production"}, "dtx2 on new is the production database"),
    ],
)
def test_x2_a_dangerous_setting_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        check_settings(settings(**change), None)


@pytest.mark.parametrize("typed", [None, "", "DTX2", "dtx"])
def test_x2_production_takes_its_exact_name_only(typed: str | None) -> None:
    production = settings(environment="production")

    with pytest.raises(RefusedError, match="production"):
        check_settings(production, typed)
    check_settings(production, "dtx2")


@pytest.mark.parametrize(("name", "code"), [("", 3), ("dtx1", 3), ("dtx2", 2)])
def test_x2_a_job_confirms_production_by_a_variable(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Confirmed, setup gets as far as the manifest, which is missing."""
    monkeypatch.setattr(commands, "load_settings", lambda: settings(environment="production"))
    done = CliRunner().invoke(app, ["setup", "--manifest", str(tmp_path / "none.json")], env={CONFIRM_VARIABLE: name})
    assert isinstance(done.exception, MigrationError)
    assert done.exception.exit_code == code
