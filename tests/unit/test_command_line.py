"""Every way a command can end gives its exit code and its words (reliability R4)."""

from __future__ import annotations

import pytest
import typer

from loaders.cli import run
from loaders.errors import ExitCode, LossError, RefusedError


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
