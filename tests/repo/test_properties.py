"""The list of properties and the tests that prove them, held against each other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROVEN, _, UNPROVEN = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8").partition("Not proven yet")
IDS = re.findall(r"^\| ([A-Z]\d+) \|", PROVEN, flags=re.MULTILINE)


def proofs() -> dict[str, set[str]]:
    """Ids by the test file that names them: pytest's and dbt's."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.sql"), *(ROOT / "dbt_project").rglob("*.yml")]
    found: dict[str, set[str]] = {}
    for path in files:
        if path == Path(__file__) or "target" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        ids = set(re.findall(r"\b([AEDMFPRTX]\d{1,2})\b", text))
        ids |= {each.upper() for each in re.findall(r"_([aedmfprtx]\d{1,2})_", text)}
        for each in ids:
            found.setdefault(each, set()).add(str(path.relative_to(ROOT)))
    return found


def test_each_property_is_named_by_a_test() -> None:
    assert len(IDS) > 40
    assert [each for each in IDS if each not in proofs()] == []


def test_each_property_stands_once() -> None:
    assert len(IDS) == len(set(IDS))


def test_what_is_not_proven_is_not_in_the_list() -> None:
    unproven = set(re.findall(r"^\| ([A-Z]\d+) \|", UNPROVEN, flags=re.MULTILINE))
    assert unproven
    assert unproven.isdisjoint(IDS)
