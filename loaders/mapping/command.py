"""`dtx mapping`: the pages of dbt's documentation that are made from the seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loaders.console import stderr
from loaders.errors import LossError
from loaders.mapping.column_maps import read_column_maps, read_seed
from loaders.mapping.doc_blocks import model_block, table_block
from loaders.mapping.overview import decisions_section, fill, tables_section
from loaders.mapping.publish_models import MODELS, read_publish_models
from loaders.settings import PROJECT_ROOT

_OVERVIEW = MODELS / "_decisions" / "overview.md"
_BLOCKS = MODELS / "_mapping"


def mapping_command(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a page is not what the seeds say.")
    ] = False,
) -> None:
    """Write the mapping tables and the entry page of the documentation from the column maps and the decisions."""
    pages = mapping_pages()
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = sorted(set(_BLOCKS.glob("*.md")) - set(pages))
    if check and stale + left:
        names = ", ".join(str(path.relative_to(PROJECT_ROOT)) for path in stale + left)
        raise LossError(f"not what the seeds say: {names}", hint="Run `dtx mapping` and commit what it writes.")
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(pages[path], encoding="utf-8")
    for path in left:
        path.unlink()
    stderr.print(f"{len(pages)} pages, {len(stale)} rewritten, {len(left)} removed")


def mapping_pages() -> dict[Path, str]:
    """Each generated page's path and the text it must have.

    Raises:
        ConfigurationError: a seed is missing or no column map, or the entry page has lost its markers.
    """
    maps, models = read_column_maps(), read_publish_models()
    blocks: dict[str, list[str]] = {name: [table_block(name, lines)] for name, lines in maps.items()}
    for model in models:
        blocks[model.source_table].append(model_block(model, maps[model.source_table]))
    tables = read_seed("ledger/source_tables.csv")
    judged = [path.stem.removeprefix("dsp_dtx1__") for path in (MODELS / "dispositions").glob("dsp_dtx1__*.sql")]
    sections = {
        "tables": tables_section(tables, models, judged),
        "decisions": decisions_section(read_seed("ledger/decisions.csv")),
    }
    return {
        **{_BLOCKS / f"{name}.md": "\n".join(texts) for name, texts in blocks.items()},
        _OVERVIEW: fill(_OVERVIEW.read_text(encoding="utf-8"), sections),
    }
