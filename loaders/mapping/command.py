"""`dtx mapping`: the pages of dbt's documentation that are made from the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from loaders.console import stderr
from loaders.errors import LossError
from loaders.mapping.column_maps import MapLine, read_column_maps, read_seed
from loaders.mapping.doc_blocks import model_block, table_block
from loaders.mapping.markdown import Links
from loaders.mapping.overview import decisions_section, fill, tables_section
from loaders.mapping.publish_models import PublishModel, read_publish_models
from loaders.systems import System, chosen_system


def mapping_command(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a page is not what the seeds say.")
    ] = False,
) -> None:
    """Write the mapping tables and the entry page of the documentation from the column maps and the decisions."""
    system = chosen_system()
    bring_up_to_date(mapping_pages(system), blocks_folder(system), command=f"{system.command} mapping", check=check)


def blocks_folder(system: System) -> Path:
    """Where the page of each table lies, and nothing else."""
    return system.project / "models" / "_mapping"


def bring_up_to_date(pages: Mapping[Path, str], folder: Path, *, command: str, check: bool) -> None:
    """Write the pages that differ, and remove from the folder what is none of them.

    Args:
        pages: path to text.
        folder: holds nothing but pages.
        command: what writes them.
        check: write nothing.

    Raises:
        LossError: with `check`, a page is not what it must be.
    """
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = sorted(set(folder.glob("*.md")) - set(pages))
    if check and stale + left:
        names = ", ".join(path.name for path in stale + left)
        raise LossError(f"not what the seeds say: {names}", hint=f"Run `{command}` and commit what it writes.")
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(pages[path], encoding="utf-8")
    for path in left:
        path.unlink()
    stderr.print(f"{len(pages)} pages, {len(stale)} rewritten, {len(left)} removed")


def mapping_pages(system: System) -> dict[Path, str]:
    """Each generated page's path and the text it must have.

    Raises:
        ConfigurationError: a seed is missing or no column map, or the entry page has lost its markers.
    """
    links, folder = Links(system), system.project / "models"
    maps, models = read_column_maps(system), read_publish_models(system)
    blocks: dict[str, list[str]] = {name: [table_block(links, name, lines)] for name, lines in maps.items()}
    for model in models:
        blocks[model.source_table].append(model_block(links, model, lines_for(model, models, maps)))
    tables = [row for row in read_seed("ledger/source_tables.csv", system.seeds) if row["source_table"] in maps]
    judging = {name: f"dsp_{system.name}__{system.short_name(name)}" for name in maps}
    overview = folder / "_decisions" / "overview.md"
    sections = {
        "tables": tables_section(
            links,
            tables,
            models,
            {name: model for name, model in judging.items() if (folder / "dispositions" / f"{model}.sql").exists()},
        ),
        "decisions": decisions_section(read_seed("ledger/decisions.csv", system.seeds)),
    }
    return {
        **{blocks_folder(system) / f"{name}.md": "\n".join(texts) for name, texts in blocks.items()},
        overview: fill(overview.read_text(encoding="utf-8"), sections),
    }


def lines_for(
    model: PublishModel, models: Sequence[PublishModel], maps: Mapping[str, Sequence[MapLine]]
) -> list[MapLine]:
    """What feeds a model: lines of its source table, and of tables that have no model of their own for its target."""
    served = {(each.source_table, each.target_table) for each in models}
    others = [line for lines in maps.values() for line in lines if (line.source_table, line.target_table) not in served]
    return [line for line in (*maps[model.source_table], *others) if model.is_fed_by(line)]
