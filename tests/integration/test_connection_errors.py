"""A server that lets nobody in is an error that says what is wrong, whoever connects, and shows no password (X1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from loaders.database import connect
from loaders.errors import ServiceError
from loaders.settings import Settings
from loaders.singer.tap_mysql import source as mysql_source
from loaders.singer.tap_postgres import source as postgres_source
from loaders.singer.tap_postgres.config import TapConfig
from loaders.singer.target_postgres import database as raw_layer
from loaders.singer.target_postgres.config import TargetConfig
from loaders.sources import mysql_config

WRONG = "wrong-canary"


def as_role(settings: Settings, **wrong: Any) -> None:
    changed = {f"target_{name}" if name != "password" else "publisher_password": value for name, value in wrong.items()}
    connect(settings.model_copy(update=changed), "publisher")


def as_target(settings: Settings, **wrong: Any) -> None:
    raw_layer.connect(TargetConfig.model_validate(reachable(settings) | wrong))


def as_tap_postgres(settings: Settings, **wrong: Any) -> None:
    postgres_source.connect(TapConfig.model_validate(reachable(settings) | wrong))


def as_tap_mysql(settings: Settings, **wrong: Any) -> None:
    mysql_source.connect(mysql_config(settings).model_copy(update=wrong))


def reachable(settings: Settings) -> dict[str, Any]:
    names = ("host", "port", "database", "user", "password")
    return {name: getattr(settings, f"target_{name}") for name in names}


NO_PASSWORD, NO_DATABASE = "password authentication failed", 'database "nosuch" does not exist'


@pytest.mark.parametrize(
    ("connecting", "variable", "no_password", "no_database"),
    [
        (as_role, "DTX_TARGET_HOST", NO_PASSWORD, NO_DATABASE),
        (as_target, "DTX_TARGET_HOST", NO_PASSWORD, NO_DATABASE),
        (as_tap_postgres, "DISPATCH_SOURCE_HOST", NO_PASSWORD, NO_DATABASE),
        (as_tap_mysql, "DTX_SOURCE_HOST", "MySQL error 1045", "'nosuch'"),
    ],
)
def test_r4_x1_a_connection_that_fails_says_why_and_where_to_look(
    connecting: Callable[..., None], variable: str, no_password: str, no_database: str, database: Settings
) -> None:
    for wrong, reason in (
        ({"password": SecretStr(WRONG)}, no_password),
        ({"database": "nosuch"}, no_database),
        ({"port": 1}, "refused"),
        ({"host": "no-such-host.invalid"}, "Name or service not known"),
    ):
        with pytest.raises(ServiceError) as failed:
            connecting(database, **wrong)
        assert reason in str(failed.value)
        assert "\n" not in str(failed.value)
        assert variable in failed.value.hint
        assert WRONG not in str(failed.value)
