"""`python -m sandbox`: its exit codes, its document, and the `.env` it writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.cli import run
from sandbox import cli
from sandbox.servers import stack

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command on a sandbox of the test's own; gives exit code, stdout and stderr."""
    monkeypatch.setattr(cli, "HOME", tmp_path / ".sandbox")
    monkeypatch.setattr(cli, "ENV_FILE", tmp_path / ".env")

    def execute(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["sandbox", *words])
        with pytest.raises(SystemExit) as leaving:
            run(cli.app)
        captured = capsys.readouterr()
        # Or nobody learns why a command failed: what was read from capsys is in no report of pytest's.
        sys.stderr.write(captured.err)
        return int(leaving.value.code or 0), captured.out, captured.err

    return execute


def states(document: str) -> set[str]:
    return {server["state"] for server in json.loads(document)["servers"]}


def test_r4_start_status_stop(command: Command, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    try:
        code, document, _ = command("start", "--json")
        assert (code, states(document)) == (0, {"running"})
        assert {line.split("=")[0] for line in env.read_text().splitlines()} >= {"DTX_TARGET_PORT", "AWS_REGION"}
        assert command("status", "--json")[:2] == (0, document)
    finally:
        code, document, _ = command("stop", "--json")
    assert (code, states(document)) == (0, {"stopped"})
    assert not env.exists()
    assert command("status")[0] == 2
    assert command("stop", "--remove-data")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_r4_a_share_of_notifications_that_cannot_be_made_is_refused_before_anything_starts(
    command: Command, tmp_path: Path
) -> None:
    code, output, errors = command("generate", "--notifications", "7")
    assert (code, output, list(tmp_path.iterdir())) == (2, "", [])
    assert "A share from 0.0001 to 1" in " ".join(errors.split())


def test_r4_somebodys_own_env_file_is_refused_before_anything_starts(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(stack, "start", lambda home, environment: started.append(home))
    (tmp_path / ".env").write_text("DTX_TARGET_HOST=db.example.com\n")
    code, output, errors = command("start")
    assert (code, output, started) == (3, "", [])
    assert "was not written by the sandbox" in " ".join(errors.split())
    assert (tmp_path / ".env").read_text() == "DTX_TARGET_HOST=db.example.com\n"
