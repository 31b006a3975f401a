"""`.env.example` says all that the settings are, and nothing else."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from loaders.settings import Settings

LINES = (Path(__file__).resolve().parents[2] / ".env.example").read_text(encoding="utf-8").splitlines()
ASSIGNMENT = re.compile(r"(#?)(DTX_\w+)=(.*)")
ASSIGNMENTS = {match[2]: (match[1], match[3]) for line in LINES if (match := ASSIGNMENT.fullmatch(line))}


def test_every_setting_is_there_and_no_other() -> None:
    assert {f"DTX_{name.upper()}" for name in Settings.model_fields} == set(ASSIGNMENTS)


def test_every_setting_has_its_meaning_in_the_line_above() -> None:
    bare = [
        line for above, line in itertools.pairwise(LINES) if ASSIGNMENT.fullmatch(line) and not re.match(r"# \w", above)
    ]
    assert bare == []


def test_optional_settings_show_their_default_and_required_ones_must_be_filled_in() -> None:
    for name, field in Settings.model_fields.items():
        hidden, value = ASSIGNMENTS[f"DTX_{name.upper()}"]
        if field.is_required():
            assert hidden == "", name
        else:
            assert (hidden, value) == ("#", "" if field.default is None else str(field.default)), name


def test_filled_in_it_is_valid(tmp_path: Path) -> None:
    filled = [f"{line}secret" if line.endswith("_PASSWORD=") else line for line in LINES]
    (tmp_path / ".env").write_text("\n".join(filled))
    assert Settings(_env_file=tmp_path / ".env").source_host == "dtx1-replica.example.com"
