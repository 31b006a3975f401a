"""What is made of the column maps: Markdown that dbt's site renders, and the site as one file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loaders.errors import ConfigurationError
from loaders.mapping.column_maps import MapLine
from loaders.mapping.command import lines_for
from loaders.mapping.doc_blocks import model_block, table_block
from loaders.mapping.markdown import Links, table
from loaders.mapping.overview import decisions_section, fill, tables_section
from loaders.mapping.publish_models import PublishModel
from loaders.mapping.site import site
from loaders.systems import DTX1

LINKS = Links(DTX1)
LINE = MapLine(
    source_table="thing",
    column_name="Name #",
    disposition="mapped",
    decides=True,
    target_table="public.docutrax_app_gadget",
    target_column="title",
    role="value",
    rule="Trimmed, by seeds/value_maps/titles.csv.",
    decision_id="D-1",
    evidence="named",
)
FINDER = replace(LINE, column_name="owner", target_column="id", role="key", rule="Finds the gadget.")
DROPPED = MapLine("thing", "junk", "dropped", False, "", "", "", "No home.", "D-1", "inferred")
ARCHIVED = replace(DROPPED, disposition="archived", rule="Archive only.")
MODEL = PublishModel(
    "pub_dtx1__gadget", "thing", "public.docutrax_app_gadget", {"title": "Name.", "status": "Always new."}
)


def test_a_cell_does_not_end_its_row() -> None:
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"


def test_a_seed_is_a_link() -> None:
    assert LINKS.seeds("By seeds/value_maps/titles.csv: all.") == "By [titles](#!/seed/seed.dtx.titles): all."


def test_a_table_says_where_each_column_goes_and_which_decide() -> None:
    block = table_block(LINKS, "thing", [LINE, FINDER, DROPPED])
    assert block.startswith("{% docs mapping_thing %}\n")
    assert (
        "| `Name #` | gadget `title` | value | Trimmed, by [titles](#!/seed/seed.dtx.titles). | D-1 | named |" in block
    )
    assert "| `owner` | gadget `id` | finds the row | Finds the gadget. | D-1 | named |" in block
    assert "| `junk` | dropped |  | No home. | D-1 | inferred |" in block
    assert "gadget is `public.docutrax_app_gadget`." in block
    assert "decides what becomes of a row: `Name #`, `owner`." in block


def test_an_archived_table_is_a_sentence_or_a_line_per_rule() -> None:
    other = replace(ARCHIVED, column_name="sql", rule="Archive only: never executed.")
    assert "All 2 columns, by decision D-1. Archive only.\n" in table_block(LINKS, "thing", [ARCHIVED, ARCHIVED])
    assert "| `sql` | Archive only: never executed. | D-1 |" in table_block(LINKS, "thing", [ARCHIVED, other])


def test_a_model_lists_its_own_lines_and_what_nothing_feeds() -> None:
    elsewhere = replace(LINE, column_name="other", target_table="public.app_other")
    absent = replace(LINE, column_name="no", target_column="absent")
    foreign = replace(LINE, source_table="other_thing", column_name="kind")
    maps = {"thing": [LINE, FINDER, DROPPED, elsewhere, absent], "other_thing": [foreign]}
    block = model_block(LINKS, MODEL, lines_for(MODEL, [MODEL], maps))
    assert "| `other_thing.kind` | `title` |" in block
    its_own = replace(MODEL, name="pub_dtx1__of_other", source_table="other_thing")
    assert lines_for(MODEL, [MODEL, its_own], maps) == [LINE, FINDER]
    assert "| `Name #` | `title` |" in block
    assert "| `owner` | `id` |" in block
    assert "| `status` | Always new. |" in block
    assert [name for name in ("`junk`", "`other`", "`absent`", "| `title` | Name. |") if name in block] == []


def test_the_entry_page_keeps_its_prose_and_needs_its_markers() -> None:
    page = "Before.\n{# tables: made by dtx mapping #}\nold\n{# end of tables #}\nAfter."
    filled = fill(page, {"tables": r"new \1"})
    assert filled == page.replace("old", r"new \1")
    assert fill(filled, {"tables": r"new \1"}) == filled
    with pytest.raises(ConfigurationError, match="decisions"):
        fill(page, {"decisions": "x"})


def test_the_tables_link_to_their_pages() -> None:
    row = {
        "source_table": "thing",
        "columns": "3",
        "description": "Things.",
        "decision_id": "D-1",
        "disposition": "publish",
    }
    kept = row | {"source_table": "log", "disposition": "archive"}
    section = tables_section(LINKS, [row, kept], [MODEL], {"thing": "dsp_dtx1__thing"})
    assert (
        "| [thing](#!/source/source.dtx.dtx1.thing) | 3 | Things. | D-1 "
        "| [publish](#!/model/model.dtx.dsp_dtx1__thing) "
        "| [gadget](#!/model/model.dtx.pub_dtx1__gadget) |"
    ) in section
    assert "| [log](#!/source/source.dtx.dtx1.log) | 3 | Things. | D-1 | archive |  |" in section


def test_the_chosen_option_stands_apart() -> None:
    row = {"decision_id": "D-1", "subject": "s", "options": "a|b|c", "chosen": "b", "status": "decided", "text": "t"}
    assert "| D-1 | s | `b` | `a`, `c` | decided | t |" in decisions_section([row])


def test_the_site_names_no_machine_and_ends_no_script() -> None:
    page = '<script>m="MANIFEST.JSON INLINE DATA",c="CATALOG.JSON INLINE DATA"</script>'
    node = {
        "original_file_path": "../seeds/a.csv",
        "path": "a.csv",
        "root_path": "/somewhere",
        "description": "</script>",
    }
    manifest = {"metadata": {"invocation_id": "1", "user_id": "2"}, "nodes": {"n": node}, "child_map": {"n": []}}
    made = site(page, manifest, {"nodes": {}})
    document, catalog = made.removeprefix("<script>m=").removesuffix("</script>").split(",c=")
    assert "</" not in document
    assert json.loads(document) == {
        "metadata": {},
        "nodes": {"n": {"original_file_path": "seeds/a.csv", "path": "a.csv", "description": "</script>"}},
        "child_map": {"n": []},
    }
    assert json.loads(catalog) == {"nodes": {}}


def test_a_page_that_dbt_has_changed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="MANIFEST"):
        site("<html></html>", {}, {})
