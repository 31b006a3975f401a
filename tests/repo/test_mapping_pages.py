"""The generated pages are current, and every page of the documentation that should show one does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import LossError
from loaders.mapping import command
from loaders.mapping.column_maps import read_column_maps
from loaders.mapping.publish_models import MODELS, read_publish_models
from loaders.settings import PROJECT_ROOT

INCLUDED = re.compile(r"doc\('+(mapping_\w+)'+\)")


def check() -> BaseException | None:
    return CliRunner().invoke(app, ["mapping", "--check"]).exception


def test_the_pages_are_what_the_seeds_say() -> None:
    assert check() is None


def test_a_page_that_is_stale_missing_or_left_over_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {tmp_path / path.name: text for path, text in command.mapping_pages().items()}
    monkeypatch.setattr(command, "mapping_pages", lambda: pages)
    monkeypatch.setattr(command, "_BLOCKS", tmp_path)
    monkeypatch.setattr(command, "PROJECT_ROOT", tmp_path)
    assert CliRunner().invoke(app, ["mapping"]).exit_code == 0
    assert check() is None
    (tmp_path / "keyword.md").write_text("stale", encoding="utf-8")
    (tmp_path / "exemption.md").unlink()
    (tmp_path / "left_over.md").touch()
    found = check()
    assert isinstance(found, LossError)
    assert all(name in str(found) for name in ("keyword.md", "exemption.md", "left_over.md"))
    assert CliRunner().invoke(app, ["mapping"]).exit_code == 0
    assert check() is None
    assert not (tmp_path / "left_over.md").exists()


def included(pattern: str) -> dict[str, list[str]]:
    """Which mapping blocks each YAML file includes, by the file's name."""
    return {path.stem: INCLUDED.findall(path.read_text(encoding="utf-8")) for path in MODELS.glob(pattern)}


def test_every_publish_model_and_every_disposition_shows_its_mapping() -> None:
    assert included("publish/*.yml") == {model.name: [f"mapping_{model.name}"] for model in read_publish_models()}
    assert included("dispositions/*.yml") == {
        path.stem: [f"mapping_{path.stem.removeprefix('dsp_dtx1__')}"] for path in MODELS.glob("dispositions/*.sql")
    }


def test_every_source_table_shows_its_mapping() -> None:
    shown = [block for blocks in included("staging/dtx1/_dtx1__*__sources.yml").values() for block in blocks]
    assert sorted(shown) == sorted(f"mapping_{table}" for table in read_column_maps())


def test_every_line_with_a_target_stands_on_a_models_page() -> None:
    models = read_publish_models()
    lines = [line for lines in read_column_maps().values() for line in lines if line.target_table]
    assert [line for line in lines if not any(model.is_fed_by(line) for model in models)] == []


def test_links_between_pages_lead_somewhere() -> None:
    """A table, model or seed that was renamed leaves no dead link in the hand-written part."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (MODELS / "_decisions").glob("*.md"))
    text += "\n".join(path.read_text(encoding="utf-8") for path in (MODELS / "_mapping").glob("*.md"))
    names = {
        "model": {path.stem for path in MODELS.rglob("*.sql")},
        "seed": {path.stem for path in (PROJECT_ROOT / "seeds").rglob("*.csv")},
        "source": {f"dtx1.{table}" for table in read_column_maps()},
    }
    links = set(re.findall(r"\(#!/(\w+)/\w+\.dtx\.([\w.]+)[)?]", text))
    assert len(links) == len({link.partition("?")[0] for link in re.findall(r"\(#!([^)]*)\)", text)}) > 30
    assert [(kind, name) for kind, name in links if name not in names[kind]] == []
