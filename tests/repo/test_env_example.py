"""`.env.example` says all that the settings are, and nothing else."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from loaders.settings import DispatchSettings, Settings, is_of_databases

LINES = (Path(__file__).resolve().parents[2] / ".env.example").read_text(encoding="utf-8").splitlines()
ASSIGNMENT = re.compile(r"(#?)((?:DTX|DISPATCH)_\w+)=(.*)")
ASSIGNMENTS = {match[2]: (match[1], match[3]) for line in LINES if (match := ASSIGNMENT.fullmatch(line))}


def test_every_setting_is_there_and_no_other() -> None:
    ours = {f"DTX_{name.upper()}" for name in Settings.model_fields}
    dispatch = {f"DISPATCH_{name.upper()}" for name in DispatchSettings.model_fields if is_of_databases(name)}
    assert ours | dispatch == set(ASSIGNMENTS)


def test_every_setting_has_its_meaning_in_the_line_above() -> None:
    bare = [
        line for above, line in itertools.pairwise(LINES) if ASSIGNMENT.fullmatch(line) and not re.match(r"# \w", above)
    ]
    assert bare == []


@pytest.mark.parametrize(("prefix", "settings"), [("DTX_", Settings), ("DISPATCH_", DispatchSettings)])
def test_optional_settings_show_their_default_and_required_ones_must_be_filled_in(
    prefix: str, settings: type[Settings]
) -> None:
    for name, field in settings.model_fields.items():
        if settings is DispatchSettings and not is_of_databases(name):
            continue
        hidden, value = ASSIGNMENTS[f"{prefix}{name.upper()}"]
        if field.is_required():
            assert hidden == "", name
        else:
            assert (hidden, value) == ("#", "" if field.default is None else str(field.default)), name


def test_filled_in_it_is_valid(tmp_path: Path) -> None:
    filled = [f"{line}secret" if line.endswith("_PASSWORD=") else line for line in LINES]
    (tmp_path / ".env").write_text("\n".join(filled))
    assert Settings(_env_file=tmp_path / ".env").source_host == "dtx1-replica.example.com"
    dispatch = DispatchSettings(_env_file=tmp_path / ".env")
    assert dispatch.source_host == "dispatch-replica.example.com"
    assert dispatch.target_database == "orders"
    assert dispatch.s3_bucket == "dtx2-files"
