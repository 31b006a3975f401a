"""Every way a command can end gives its exit code and its words (reliability R4)."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from loaders.cli import _FOR_DISPATCH_ONLY, _VERBS, app, run
from loaders.errors import ExitCode, LossError, RefusedError
from loaders.systems import DISPATCH, DTX1, VARIABLE

CANARY = "Key (email)=(somebody@example.com) already exists."


def commands() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def clean() -> None: ...

    @app.command()
    def loss() -> None:
        raise typer.Exit(ExitCode.LOSS)

    @app.command()
    def drift() -> None:
        raise LossError("rows are missing", hint="look here")

    @app.command()
    def refused() -> None:
        raise RefusedError("somebody else publishes")

    @app.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    @app.command()
    def unforeseen() -> None:
        raise psycopg.errors.UniqueViolation(CANARY)

    return app


@pytest.mark.parametrize(
    ("verb", "code", "words"),
    [
        ("clean", 0, ""),
        ("loss", 1, ""),
        ("drift", 1, "look here"),
        ("refused", 3, "somebody else publishes"),
        ("interrupted", 2, "run the same command again"),
        ("unknown", 2, "No such command"),
        ("unforeseen", 2, "unforeseen (UniqueViolation, SQLSTATE 23505)"),
    ],
)
def test_r4_each_ending_has_its_exit_code(
    verb: str, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["dtx", verb])
    with pytest.raises(SystemExit) as leaving:
        run(commands())
    assert (leaving.value.code or 0) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert CANARY not in captured.err


def test_every_verb_is_there_under_its_name() -> None:
    for verb in _VERBS:
        system = DISPATCH if verb in _FOR_DISPATCH_ONLY else DTX1
        shown = CliRunner().invoke(app, [verb, "--help"], env={VARIABLE: system.name})
        assert shown.exit_code == 0, verb
        assert f"{verb} [OPTIONS]" in shown.stdout


def test_a_verb_is_imported_when_it_is_asked_for() -> None:
    program = "import sys, loaders.cli; print([m for m in sys.modules if m.startswith('loaders.') and 'command' in m])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
