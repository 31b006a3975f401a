"""An answer of a preflight model that holds a source table keeps publish off it, and off nothing else."""

from __future__ import annotations

import json

from publish_manifest import model_node
from publish_rig import Rig, documents, requirements

PREFLIGHT = {"id": "M1", "question": "Which values?", "source_table": "document", "blocks": "D-1"}
ANSWERS = "select {0}::text as effect, null::text as blocks, {1}::text as what_to_do"


def prepare(rig: Rig, effect: str) -> None:
    node = model_node("pre_document", "migration_preflight", {"effect": "text"}, {"preflight": PREFLIGHT})
    rig.use(documents(), requirements(), node)
    rig.build_documents(5)
    rig.build_requirements(5)
    rig.build("migration_preflight.pre_document", ANSWERS.format(f"'{effect}'", "'Name the value in the seed.'"))


def test_m1_a_held_source_table_is_not_published_and_is_named(rig: Rig) -> None:
    prepare(rig, "holds")

    preflight = json.loads(rig.dtx("publish", "--dry-run", "--json").stdout)
    done = rig.dtx("publish", "--json")

    assert done.returncode == 3
    models = json.loads(done.stdout)["models"]
    assert [(m["state"], m["published"], m["updated"], m["left"]) for m in models] == [
        ("held: pre_document: M1 holds document", 0, 0, 5),
        ("published", 0, 5, 0),
    ]
    assert preflight["models"][0] == models[0]
    (finding,) = [f for f in rig.examine()[0] if f.effect == "holds"]
    assert (finding.model, finding.where, finding.rows) == ("pub_document", "pre_document", 1)
    assert finding.what_to_do == "Name the value in the seed."

    rig.build("migration_preflight.pre_document", ANSWERS.format("'attention'", "'Look.'"))
    assert [m.published for m in rig.publish().models] == [5, 0]


def test_m1_attention_holds_nothing(rig: Rig) -> None:
    prepare(rig, "attention")

    assert [m.published + m.updated for m in rig.publish().models] == [5, 5]


def test_a_preflight_model_that_is_not_built_blocks(rig: Rig) -> None:
    prepare(rig, "ok")
    rig.alter_model("drop table migration_preflight.pre_document")

    assert [f.where for f in rig.examine()[0] if f.effect == "blocks"] == ["migration_preflight.pre_document"]
