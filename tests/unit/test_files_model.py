"""Which models list files, as the manifest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from loaders.errors import ConfigurationError, RefusedError
from loaders.files.model import FilesMeta, load_models


def manifest(folder: Path, *metas: Any) -> Path:
    nodes = {
        f"model.{number}": {"name": f"m{number}", "alias": f"a{number}", "schema": "s", "config": {"meta": meta}}
        for number, meta in enumerate(metas)
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps({"nodes": {**nodes, "test.x": {"name": "t", "config": {}}}}))
    return path


def test_models_with_meta_files_are_found_by_name_and_relation(tmp_path: Path) -> None:
    meta = {"entity": "repo_file", "system": "dtx1", "source_table": "repo_file"}
    models = load_models(manifest(tmp_path, {"files": meta}, {}, None))
    assert [(model.name, model.relation, model.meta) for model in models] == [
        ("m0", sql.Identifier("s", "a0"), FilesMeta(**meta))
    ]


def test_a_missing_manifest_or_model_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing"):
        load_models(tmp_path / "manifest.json")
    with pytest.raises(ConfigurationError, match="no model lists files"):
        load_models(manifest(tmp_path, {}))


@pytest.mark.parametrize("meta", [{}, {"entity": "x"}, {"entity": "x", "system": "s", "source_table": "t", "more": 1}])
def test_a_wrong_meta_is_refused_by_name(tmp_path: Path, meta: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="m0"):
        load_models(manifest(tmp_path, {"files": meta}))
