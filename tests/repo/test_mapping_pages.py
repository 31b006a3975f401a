"""The generated pages are current, and every page of the documentation that should show one does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loaders.cli import app
from loaders.errors import LossError
from loaders.mapping.column_maps import read_column_maps
from loaders.mapping.command import bring_up_to_date, lines_for, mapping_pages
from loaders.mapping.publish_models import read_publish_models
from loaders.systems import SYSTEMS, System

INCLUDED = re.compile(r"doc\('+(mapping_\w+)'+\)")

pytestmark = pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)


def models(system: System) -> Path:
    return system.project / "models"


def test_the_pages_are_what_the_seeds_say(system: System) -> None:
    assert CliRunner().invoke(app, ["--system", system.name, "mapping", "--check"]).exception is None


def test_a_page_that_is_stale_missing_or_left_over_is_named(system: System, tmp_path: Path) -> None:
    pages = {tmp_path / path.name: text for path, text in mapping_pages(system).items()}

    def run(*, check: bool) -> None:
        bring_up_to_date(pages, tmp_path, command="dtx mapping", check=check)

    run(check=False)
    run(check=True)
    stale, missing, *_ = pages
    stale.write_text("stale", encoding="utf-8")
    missing.unlink()
    (tmp_path / "left_over.md").touch()
    with pytest.raises(LossError) as found:
        run(check=True)
    assert all(name in str(found.value) for name in (stale.name, missing.name, "left_over.md"))
    run(check=False)
    run(check=True)
    assert not (tmp_path / "left_over.md").exists()


def included(system: System, pattern: str) -> dict[str, list[str]]:
    """Which mapping blocks each YAML file includes, by the file's name."""
    return {path.stem: INCLUDED.findall(path.read_text(encoding="utf-8")) for path in models(system).glob(pattern)}


def test_every_publish_model_and_every_disposition_shows_its_mapping(system: System) -> None:
    assert included(system, "publish/*.yml") == {
        model.name: [f"mapping_{model.name}"] for model in read_publish_models(system)
    }
    judging = {f"dsp_{system.name}__{system.short_name(table)}": table for table in read_column_maps(system)}
    assert included(system, "dispositions/*.yml") == {
        path.stem: [f"mapping_{judging[path.stem]}"] for path in models(system).glob("dispositions/*.sql")
    }


def test_every_source_table_that_has_a_map_shows_it(system: System) -> None:
    pages = included(system, f"staging/{system.name}/_*__sources.yml")
    shown = [block for blocks in pages.values() for block in blocks]
    assert sorted(shown) == sorted(f"mapping_{table}" for table in read_column_maps(system))


def test_every_line_with_a_target_stands_on_a_models_page(system: System) -> None:
    published, maps = read_publish_models(system), read_column_maps(system)
    shown = [line for model in published for line in lines_for(model, published, maps)]
    assert [line for lines in maps.values() for line in lines if line.target_table and line not in shown] == []


def test_links_between_pages_lead_somewhere(system: System) -> None:
    """A table, model or seed that was renamed leaves no dead link in the hand-written part."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in models(system).glob("_decisions/*.md"))
    text += "\n".join(path.read_text(encoding="utf-8") for path in models(system).glob("_mapping/*.md"))
    names = {
        "model": {path.stem for path in models(system).rglob("*.sql")},
        "seed": {path.stem for path in system.seeds.rglob("*.csv")},
        "source": {f"{system.name}.{table}" for table in read_column_maps(system)},
    }
    links = set(re.findall(rf"\(#!/(\w+)/\w+\.{system.project_name}\.([\w.]+)[)?]", text))
    assert len(links) == len({link.partition("?")[0] for link in re.findall(r"\(#!([^)]*)\)", text)}) > 20
    assert [(kind, name) for kind, name in links if name not in names[kind]] == []
