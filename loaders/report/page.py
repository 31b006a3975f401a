"""How pages of HTML are made: every value is data, and the file has the old page or the new one, whole."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from loaders.console import visible
from loaders.output_file import writing

FOLDER = Path(__file__).parent


def page_environment(*folders: Path) -> Environment:
    """Templates of these folders, then of this one.

    Every value is escaped, its control and bidirectional characters made visible (X1).
    """
    environment = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["thousands"] = "{:,}".format
    return environment


def write_page(path: Path, page: str, *, is_private: bool = False) -> None:
    """Write the page beside its name first: whoever reads it meanwhile has the old one, or the new one whole.

    Args:
        path: the file; its folder exists.
        page: the HTML.
        is_private: only the file's owner may read it.

    Raises:
        ConfigurationError: it cannot be written there.
    """
    beside = path.with_name(f".{path.name}.part")
    with writing(path, hint="Give a file in a folder that exists by --out."):
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600 if is_private else 0o666)
        beside.write_text(page, encoding="utf-8")
        beside.replace(path)
