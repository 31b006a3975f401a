"""The tree obeys its own rules: sizes, no leftovers, no addresses of machines or package indexes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = {".py": 400, ".sql": 120}


def tracked_files() -> list[Path]:
    # --others: a new file is judged before it is committed, too.
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_the_tree_is_seen() -> None:
    assert len(tracked_files()) > 20


@pytest.mark.parametrize("suffix", sorted(LINES))
def test_modules_hold_one_idea(suffix: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked_files()
        if path.suffix == suffix and (count := len(text_of(path).splitlines())) > LINES[suffix]
    }
    assert long == {}


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of somebody's machine", r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/"),
        (
            "a package index",
            r"--(?:extra-)?index-url|--find-links|https?://[^\s\"']*/simple\b|py[p]i\.org|npm[j]s\.(?:org|com)",
        ),
        ("unfinished work", r"\b(?:TODO|FIXME|XXX)\b|NotImplementedError|pytest\.mark\.(?:skip|xfail)\b"),
    ],
)
def test_nothing_is_left_behind(what: str, pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path != Path(__file__)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert found == [], what


def test_lock_files_carry_hashes() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        pins = re.findall(r"^[A-Za-z0-9_.-]+==\S+", text_of(lock), flags=re.MULTILINE)
        assert pins, lock
        assert text_of(lock).count("--hash=sha256:") >= len(pins), lock
