"""The vendor's Metabase client is one version, every package of it known by its content and by no registry's name."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "metabase_cli"


def test_the_lock_file_names_contents_and_no_addresses() -> None:
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert wanted == {"@metabase/cli": "0.3.1"}
    locked = {
        name: each for name, each in json.loads((FOLDER / "package-lock.json").read_text())["packages"].items() if name
    }
    assert locked["node_modules/@metabase/cli"]["version"] == "0.3.1"
    assert [name for name, each in locked.items() if not each["integrity"].startswith("sha512-")] == []
    assert [name for name, each in locked.items() if "resolved" in each] == []
