"""What several integration tests share and nobody changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dispatch_support import Filled, filled

from sandbox.servers.postgres import Postgres


@pytest.fixture(scope="session")
def dispatch(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A filled dispatch system and orders platform with 5,103 notifications, to be read; changes are rolled back."""
    with filled(postgres, tmp_path_factory.mktemp("dispatch")) as made:
        yield made
