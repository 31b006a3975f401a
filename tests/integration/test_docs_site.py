"""The documentation site, made by dbt from a real PostgreSQL: one file that holds the mapping and names no machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dbt_support import dbt
from typer.testing import CliRunner

from loaders.cli import app
from loaders.mapping.column_maps import read_column_maps
from loaders.settings import PROJECT_ROOT, Settings


@pytest.fixture
def page(ledger: Settings, tmp_path: Path) -> str:
    assert dbt(ledger, tmp_path, "seed")[0] == 0
    assert dbt(ledger, tmp_path, "docs", "generate")[0] == 0
    made = CliRunner().invoke(
        app, ["docs", "--target", str(tmp_path), "--output", str(tmp_path / "site" / "docs.html")]
    )
    assert made.exit_code == 0, made.output
    return (tmp_path / "site" / "docs.html").read_text(encoding="utf-8")


def documents(page: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and catalogue, as the page's script reads them."""
    decoder = json.JSONDecoder()
    manifest, end = decoder.raw_decode(page, page.index("manifest:{") + len("manifest:"))
    catalog, _ = decoder.raw_decode(page, page.index("catalog:{", end) + len("catalog:"))
    return manifest, catalog


def test_x1_the_site_holds_the_mapping_and_names_no_machine(page: str, ledger: Settings, tmp_path: Path) -> None:
    manifest, catalog = documents(page)
    overview = manifest["docs"]["doc.dtx.__overview__"]["block_contents"]
    assert "made by dtx mapping" not in overview
    for table, lines in read_column_maps().items():
        description = manifest["sources"][f"source.dtx.dtx1.{table}"]["description"]
        assert f"[{table}](#!/source/source.dtx.dtx1.{table})" in overview
        assert "### Where each column goes" in description
        if any(line.disposition != "archived" for line in lines):
            assert [line.column_name for line in lines if f"| `{line.column_name}` |" not in description] == []
    published = [node for node in manifest["nodes"].values() if node["name"].startswith("pub_")]
    assert published
    for node in published:
        assert f"to `{node['config']['meta']['publish']['target_table']}`" in node["description"], node["name"]
        assert node["name"].partition("__")[2] in overview
    assert catalog["nodes"]["seed.dtx.decisions"]["columns"]["decided_on"]["type"] == "date"

    assert not re.search(r'"original_file_path": "(\.\.|/)', page)
    for told in (PROJECT_ROOT, tmp_path, ledger.target_host, Path.home()):
        assert str(told) not in page
    assert ledger.target_password.get_secret_value() not in page


def test_the_site_without_what_dbt_writes_says_what_to_run(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["docs", "--target", str(tmp_path)])
    assert "index.html is not in" in str(refused.exception)
