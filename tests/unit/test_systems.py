"""Which system is meant, and which settings are its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import ConfigurationError, RefusedError
from loaders.settings import DispatchSettings, Settings, load_settings
from loaders.systems import DISPATCH, DTX1, SYSTEMS, VARIABLE, choose_system, chosen_system

DATABASES = {
    "ENVIRONMENT": "sandbox",
    "SOURCE_HOST": "{0}-source",
    "SOURCE_USER": "reader",
    "SOURCE_PASSWORD": "secret",
    "TARGET_HOST": "{0}-target",
    "TARGET_DATABASE": "{0}",
    "TARGET_USER": "transform",
    "TARGET_PASSWORD": "secret",
    "PUBLISHER_USER": "publisher",
    "PUBLISHER_PASSWORD": "secret",
    "ROLLBACK_USER": "rollback",
    "ROLLBACK_PASSWORD": "secret",
    "OWNER_USER": "owner",
    "OWNER_PASSWORD": "secret",
}


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("DTX_", "DISPATCH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setitem(DispatchSettings.model_config, "env_file", None)
    return monkeypatch


def test_dtx1_is_meant_unless_another_system_is_named(nothing_set: pytest.MonkeyPatch) -> None:
    assert chosen_system() is DTX1
    choose_system("dispatch")
    assert chosen_system() is DISPATCH
    with pytest.raises(ConfigurationError, match="no system dtx2"):
        choose_system("dtx2")


def test_x2_the_dispatch_migration_never_takes_dtx1s_databases(nothing_set: pytest.MonkeyPatch) -> None:
    for name, value in DATABASES.items():
        nothing_set.setenv(f"DTX_{name}", value.format("dtx1"))
    nothing_set.setenv("DTX_ARCHIVE_URL", "s3://archive/prefix")
    nothing_set.setenv(VARIABLE, "dispatch")
    with pytest.raises(ConfigurationError) as missing:
        load_settings()
    assert all(f"DISPATCH_{name}" in str(missing.value) for name in DATABASES)
    for name, value in DATABASES.items():
        nothing_set.setenv(f"DISPATCH_{name}", value.format("orders"))
    settings = load_settings()
    assert (settings.source_host, settings.source_port) == ("orders-source", 5432)
    assert (settings.target_host, settings.target_database) == ("orders-target", "orders")
    assert settings.archive_url == "s3://archive/prefix"
    assert settings.system is DISPATCH


def test_the_systems_share_nothing_that_would_mix_their_rows() -> None:
    for attribute in ("name", "raw_schema", "project", "seeds", "prefix", "manifest"):
        assert len({getattr(system, attribute) for system in SYSTEMS.values()}) == len(SYSTEMS), attribute


@pytest.mark.parametrize("verb", ["decode", "archive", "files", "metabase"])
def test_a_verb_that_dispatch_has_no_use_for_is_refused(nothing_set: pytest.MonkeyPatch, verb: str) -> None:
    result = CliRunner().invoke(app, ["--system", "dispatch", verb])
    assert isinstance(result.exception, RefusedError)
    assert f"dispatch has no {verb}" in str(result.exception)
