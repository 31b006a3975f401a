"""`dtx what-if` beside the real publisher: each option counted, and each printed remedy carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from publish_rig import Rig, documents

from sandbox.servers.postgres import TRANSFORM

ROWS = 250
# Every document is inserted; the first hundred are; none is; all are updates of another table.
OPTIONS = {
    "all": "'publish'",
    "first_hundred": "case when n <= 100 then 'publish' else 'skip' end",
    "archive": "'archive'",
    "as_updates": "'update'",
}


def decide(rig: Rig, chosen: str, status: str = "decided") -> None:
    rig.build(
        "migration_seeds.decisions",
        f"""
        select * from (values
            ('D-1', 'documents', '{"|".join(OPTIONS)}', '{chosen}', '{status}', 'team', date '2026-01-02', 'text',
                'import_framework|imap_ingestion'),
            ('D-10', 'nothing replicated', 'archive', 'archive', 'decided', null, null, null, null),
            ('D-2', 'nothing replicated', 'archive', 'archive', 'provisional', null, null, null, null)
        ) as decision (
            decision_id, subject, options, chosen, status, decided_by, decided_on, text, refused_options
        )
        """,
    )


@pytest.fixture
def ruled(rig: Rig) -> Rig:
    """Documents that are built, not published, with a ruling for each option; decision D-1 is open."""
    rig.use(documents(batch_size=100))
    rig.build_documents(ROWS)
    decide(rig, "all", "open")
    rulings = " union all ".join(
        f"select '{option}'::text as option, n::text as source_key, {disposition}::text as disposition, "
        f"'mapped'::text as reason_code from generate_series(1, {ROWS}) as n"
        for option, disposition in OPTIONS.items()
    )
    rig.ledger(f"create schema migration_intermediate authorization {TRANSFORM}")
    with rig.connect(TRANSFORM) as transform:
        transform.execute(f"create view migration_intermediate.int_dtx1__document_by_option as {rulings}")
        transform.execute("""
            create view migration_intermediate.int_dtx1__outcomes_by_option as
            select 'D-1' as decision_id, 'document' as source_table, option, disposition, reason_code,
                count(*) as row_count
            from migration_intermediate.int_dtx1__document_by_option
            group by option, disposition, reason_code
        """)
    return rig


def what_if(rig: Rig, code: int = 0, **environment: str) -> dict[str, Any]:
    """Decision D-1 of the document, by option."""
    done = rig.dtx("what-if", "D-1", "--json", **environment)
    assert done.returncode == code, done.stderr
    (decision,) = json.loads(done.stdout)["decisions"]
    return {option.pop("option"): option for option in decision["options"]}


def published(options: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """What may stay and what has to go, by option."""
    return {
        name: (place["may_stay"], place["to_roll_back"])
        for name, option in options.items()
        for place in option["published"]
    }


def test_r1_each_option_rules_on_every_row_before_anybody_decided(ruled: Rig) -> None:
    """P12: an open decision is counted too, and nothing is touched."""
    schemas = ("public", "migration", "migration_seeds", "migration_publish", "migration_frozen")
    before = ruled.fingerprint(*schemas)

    options = what_if(ruled)

    assert ruled.fingerprint(*schemas) == before
    assert {
        name: {each["disposition"]: each["rows"] for each in option["tables"][0]["outcomes"]}
        for name, option in options.items()
    } == {
        "all": {"publish": ROWS},
        "first_hundred": {"publish": 100, "skip": 150},
        "archive": {"archive": ROWS},
        "as_updates": {"update": ROWS},
    }
    assert [name for name, option in options.items() if option["is_chosen"]] == ["all"]
    assert {name: (option["published"], option["rollback"]) for name, option in options.items()} == {
        name: ([], []) for name in OPTIONS
    }


def test_the_register_lists_every_decision_and_compares_those_with_a_choice(ruled: Rig) -> None:
    done = ruled.dtx("what-if")

    assert done.returncode == 0, done.stderr
    assert done.stdout.index("│ D-2 ") < done.stdout.index("│ D-10 ")
    assert "all (default, still open)" in done.stdout
    assert "import_framework: not part of moving data" in done.stdout
    assert "D-10 nothing replicated" not in done.stdout
    assert "mapped" not in done.stdout
    assert "mapped" in ruled.dtx("what-if", "--reasons").stdout


def test_a_decision_changed_after_publishing_is_undone_by_the_printed_command(ruled: Rig) -> None:
    decide(ruled, "all")
    assert ruled.dtx("publish").returncode == 0
    everything = what_if(ruled)
    assert published(everything) == {
        "all": (ROWS, 0),
        "first_hundred": (100, 150),
        "archive": (0, ROWS),
        "as_updates": (0, ROWS),
    }
    assert {name: option["rollback"] for name, option in everything.items()} == {
        "all": [],
        "first_hundred": ["dtx rollback --batch 3", "dtx rollback --batch 2"],
        "archive": ["dtx rollback --run 1"],
        "as_updates": ["dtx rollback --run 1"],
    }

    decide(ruled, "first_hundred")
    options = what_if(ruled, code=1)
    printed = ruled.dtx("what-if", "D-1").stdout
    for command in options["first_hundred"]["rollback"]:
        assert f"  {command}\n" in printed
        assert ruled.dtx(*command.split()[1:]).returncode == 0

    assert published(what_if(ruled))["first_hundred"] == (100, 0)
    assert ruled.value("select count(*) from app_document") == 100

    decide(ruled, "archive")
    (command,) = what_if(ruled, code=1)["archive"]["rollback"]
    assert ruled.dtx(*command.split()[1:]).returncode == 0
    assert what_if(ruled)["archive"]["published"] == []
    assert ruled.value("select count(*) from app_document") == 0


def test_x2_in_production_the_printed_command_names_the_database(ruled: Rig) -> None:
    decide(ruled, "all")
    name = ruled.settings.target_database
    assert ruled.dtx("publish", "--confirm-database", name, DTX_ENVIRONMENT="production").returncode == 0

    (command,) = what_if(ruled, DTX_ENVIRONMENT="production")["archive"]["rollback"]

    assert command == f"dtx rollback --run 1 --confirm-database {name}"
    assert ruled.dtx(*command.split()[1:], DTX_ENVIRONMENT="production").returncode == 0


def test_r1_an_option_that_loses_a_row_is_named(ruled: Rig) -> None:
    ruled.build("migration_seeds.kept", "select * from migration_intermediate.int_dtx1__outcomes_by_option")
    ruled.alter_model("drop view migration_intermediate.int_dtx1__outcomes_by_option")
    ruled.alter_model("update migration_seeds.kept set row_count = row_count - 1 where option = 'archive'")
    ruled.alter_model("alter table migration_seeds.kept set schema migration_intermediate")
    ruled.alter_model("alter table migration_intermediate.kept rename to int_dtx1__outcomes_by_option")

    done = ruled.dtx("what-if", "D-1")

    assert done.returncode == 1
    assert "│ D-1      │ archive │ document │  249 │ 250 │" in done.stdout


def test_r4_what_cannot_be_answered_says_why(ruled: Rig) -> None:
    unknown = ruled.dtx("what-if", "D-3")
    ruled.alter_model("drop view migration_intermediate.int_dtx1__outcomes_by_option")
    unbuilt = ruled.dtx("what-if")

    assert (unknown.returncode, unbuilt.returncode) == (2, 2)
    assert "The register has D-1, D-2, D-10." in unknown.stderr
    assert "Run dbt build" in unbuilt.stderr
