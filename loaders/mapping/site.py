"""`dtx docs`: dbt's documentation as one HTML file that needs no server and names no machine.

What `dbt docs generate --static` would write shows a folder `..`, because seeds, macros and tests lie beside the dbt
project, and holds the project's path and the ids of the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from loaders.console import stderr
from loaders.errors import ConfigurationError
from loaders.settings import PROJECT_ROOT
from loaders.systems import DISPATCH, DTX1, chosen_system

_PATHS = frozenset({"path", "original_file_path"})
_DROPPED = frozenset(
    {"root_path", "build_path", "compiled_path", "created_at", "invocation_id", "invocation_started_at", "user_id"}
)
_INPUTS = ("index.html", "manifest.json", "catalog.json")
_OUTPUT = {DTX1: PROJECT_ROOT / "output" / "docs.html", DISPATCH: PROJECT_ROOT / "output" / "docs-dispatch.html"}


def docs_command(
    output: Annotated[
        Path | None, typer.Option("--output", help="The file to write; without it, one of the system's in output/.")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--target", help="Where dbt docs generate wrote its files; target/docs without it.")
    ] = None,
) -> None:
    """Write the documentation site as one file; run `dbt docs generate --target-path target/docs` before."""
    system = chosen_system()
    output = output or _OUTPUT[system]
    # A folder of its own: `dtx publish` judges by the run results in the project's target what the last build did.
    target = target or system.project / "target" / "docs"
    try:
        page, manifest, catalog = ((target / name).read_text(encoding="utf-8") for name in _INPUTS)
    except FileNotFoundError as missing:
        raise ConfigurationError(
            f"{Path(missing.filename).name} is not in {target}",
            hint="Run `make docs`, which has dbt write it first; docs/mapping.md has the single commands.",
        ) from None
    page = site(page, json.loads(manifest), json.loads(catalog))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    stderr.print(f"{output}: {len(page) / 1e6:.1f} MB", soft_wrap=True)


def site(page: str, manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """The page with both documents in it.

    Args:
        page: dbt's index.html.
        manifest: dbt's manifest.json.
        catalog: dbt's catalog.json.

    Raises:
        ConfigurationError: the page has no places for the documents; dbt has changed it.
    """
    for name, document in (("MANIFEST", manifest), ("CATALOG", catalog)):
        place = f'"{name}.JSON INLINE DATA"'
        if page.count(place) != 1:
            raise ConfigurationError(
                f"dbt's index.html has no place {place}", hint="Install the dbt-core that pyproject.toml names."
            )
        # `</` would end the script that the document stands in.
        page = page.replace(place, json.dumps(_cleaned(document), ensure_ascii=False).replace("</", "<\\/"))
    return page


def _cleaned(value: Any) -> Any:
    """Without what tells of the machine and the run, and with paths that start at the repository's root."""
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if not isinstance(value, dict):
        return value
    cleaned = {name: _cleaned(each) for name, each in value.items() if name not in _DROPPED}
    for name in _PATHS & cleaned.keys():
        if isinstance(cleaned[name], str):
            cleaned[name] = cleaned[name].removeprefix("../")
    return cleaned
