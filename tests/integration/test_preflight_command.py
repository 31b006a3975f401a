"""`dtx preflight` on real servers: the legacy server's columns, the decisions, and the preflight models' answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dbt_support import create_world, dbt
from psycopg import sql

from loaders.cli import app, run
from loaders.database import connect
from loaders.preflight import command
from loaders.publish.contract import load_manifest
from loaders.publish.engine import examine
from loaders.settings import PROJECT_ROOT, Settings
from loaders.setup.commands import run_setup
from sandbox.dtx1 import schema
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import APPLICATION, Postgres

CANARY = "canary@example.com"
EXEMPTION = {
    "vendor_id": "2",
    "item_type": "COI",
    "item_name": "GL",
    "ExemptExpDate": "3000-01-01",
    "ExemptReason": CANARY,
    "ExemptReviewStatus": "COMPLIANT",
    "create_user_id": "3",
    "create_time": "2023-01-15 12:00:00",
    "requirements_id": "4",
}
# Rows beside those of the shared world; every free text in them is a canary.
RAW: dict[str, list[dict[str, Any]]] = {
    "form_field": [
        {
            "form_field_id": "9001",
            "customer_id": "1",
            "form_name": "vendor_view",
            "model_name": "Vendorhistory",
            "property_name": "custom_field_9",
            "value": CANARY,
        }
    ],
    "reviewer_address": [{"reviewer_address_id": "9001", "customer_id": "1", "type": "BROKER", "level": "0"}],
    "repo_file": [
        {"repo_file_id": "9001", "customer_id": "1", "certificate_id": "77", "size": "5", "name": CANARY},
        {"repo_file_id": "9002", "customer_id": "1", "size": "7", "name": CANARY, "repo_filepath": CANARY},
    ],
    "prepay_so_list": [{"customer_id": "1"}, {"customer_id": "1"}, {"customer_id": None}],
    "vornado_feed": [{"vornado_feed_id": "9001", "Contact Email": CANARY, "PH_ID": "-2"}],
    "exemption": [EXEMPTION | {"exemption_id": "9001", "ExemptExpDate": "9999-12-30"}],
}
ELEMENT = (
    "insert into decoded.reviewer_address__email_string (source_key, position, value, status, reason) "
    f"values ('9001', 0, '{CANARY}', 'ok', null)"
)


@dataclass(frozen=True)
class World:
    settings: Settings
    source: MariaDB
    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    def load(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows to a raw table."""
        with connect(self.settings, "transform") as transform:
            for row in rows:
                transform.execute(
                    sql.SQL("insert into raw_dtx1.{} ({}) values ({})").format(
                        sql.Identifier(table),
                        sql.SQL(", ").join(map(sql.Identifier, [*row, "_loaded_at"])),
                        sql.SQL(", ").join(sql.Placeholder() * (len(row) + 1)),
                    ),
                    [*row.values(), "2024-06-01 00:00:00+00"],
                )

    def execute(self, role: Any, statement: str) -> None:
        with connect(self.settings, role) as connection:
            connection.execute(statement)

    def in_source(self, *statements: str) -> None:
        with self.source.connect(self.settings.source_database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def build(self, *selection: str) -> None:
        code, statuses, _ = dbt(
            self.settings, self.folder, "build", "--resource-type", "seed", "--resource-type", "model", *selection
        )
        assert code == 0, {name: status for name, status in statuses.items() if status != "success"}


@pytest.fixture
def world(ledger: Settings, mariadb: MariaDB, postgres: Postgres, tmp_path: Path) -> World:
    """The shared small DTX 1.0 with some rows more, its empty tables in MariaDB, and everything built and granted."""
    create_world(ledger, postgres)
    with postgres.connect(ledger.target_database, role=APPLICATION) as application:
        application.execute(
            "insert into docutrax_billing_billingprofile "
            "(account_id, payment_method, plan, stripe_customer_id, created, updated) "
            "values (11, 'invoice', 'starter', '', now(), now())"
        )
    with mariadb.connect(ledger.source_database) as source:
        schema.apply(source)
    made = World(ledger, mariadb, tmp_path)
    for table, rows in RAW.items():
        made.load(table, rows)
    made.execute("transform", ELEMENT)
    made.build()
    run_setup(ledger, made.manifest)
    return made


Preflight = Callable[..., tuple[int, str, str]]


@pytest.fixture
def preflight(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Preflight:
    """Runs the command in this process: its exit code, what it printed, and its errors."""

    def call(*arguments: str, settings: Settings = world.settings) -> tuple[int, str, str]:
        monkeypatch.setattr(command, "load_settings", lambda: settings)
        monkeypatch.setattr("sys.argv", ["dtx", "preflight", "--manifest", str(world.manifest), *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            run(app)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return call


def models(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {model["model"].removeprefix("pre_dtx1__"): model["rows"] for model in document["models"]}


def test_a_preflight_answers_names_what_changed_and_holds_what_nobody_ruled_on(
    world: World, preflight: Preflight
) -> None:
    """One world for all of it: to build one takes half a minute."""
    questions_are_answered_and_nothing_is_held(world, preflight)
    what_changed_is_named_and_held_until_it_is_ruled_on(world, preflight)
    a_legacy_server_out_of_reach_is_could_not_check(world, preflight)


def questions_are_answered_and_nothing_is_held(world: World, preflight: Preflight) -> None:
    """P11-1 to P11-5, R5, R4 and X1: no value of a row is printed."""
    code, printed, errors = preflight("--json")
    document = json.loads(printed)
    answers = models(document)

    assert code == 0, errors
    assert document["catalogue"] == {"checked": True, "error": None, "tables": 22, "columns": 369, "findings": []}
    (unmapped,) = [row for row in answers["form_field_properties"] if row["property_name"] == "custom_field_9"]
    assert (unmapped["effect"], unmapped["sample_form_field_id"], unmapped["value_count"]) == ("attention", 405, 2)
    assert {row["item_name"]: row["is_mapped"] for row in answers["exemption_item_names"]}["Cyber"] is False
    (of_account,) = [row for row in answers["reviewer_addresses"] if row["customer_id"] == "1"]
    assert (of_account["same_count"], of_account["new_count"], of_account["invalid_count"]) == (1, 2, 1)
    assert "9001" in {row["repo_file_id"] for row in answers["unprocessed_files"]}
    assert answers["unlinked_files"][0]["scope"] == "all"
    kinds = {row["expiry_date"]: row["kind"] for row in answers["exemption_expiry_dates"]}
    assert (kinds["9999-12-30"], kinds["3000-01-01"]) == ("suspicious", "sentinel")
    assert {(row["customer_id"], row["outcome"], row["row_count"]) for row in answers["prepaid_customers"]} == {
        ("1", "pays_otherwise", 2),
        (None, "account_missing", 1),
    }
    assert [(row["column_name"], row["value"]) for row in answers["reviewer_address_unused_columns"]] == [
        ("type", "BROKER")
    ]
    assert {row["column_name"] for row in answers["vornado_contacts"]} == {"Contact Email", "Contact Name"}
    assert [(row["value"], row["effect"]) for row in answers["vornado_feed_extremes"]] == [("-2", "attention")]

    code, table, errors = preflight()

    assert code == 0
    assert "Findings: 0 block, 0 hold. Rows: 0 hold their table" in table
    for output in (printed, table, errors):
        assert CANARY not in output
        assert world.settings.source_password.get_secret_value() not in output


def what_changed_is_named_and_held_until_it_is_ruled_on(world: World, preflight: Preflight) -> None:
    """P3, M1: columns in three source tables, a spike of one value beside one a day off, an unmapped raw column."""
    world.in_source(
        "alter table repo_file add legal_name varchar(20)",
        "alter table work_log add `odd # name` int",
        "alter table report_data add extra date",
        "alter table keyword modify replacement varchar(300) character set utf8mb4",
    )
    world.load(
        "exemption",
        [EXEMPTION | {"exemption_id": str(10_000 + n), "ExemptExpDate": "9999-12-31"} for n in range(400)],
    )
    world.execute("transform", "alter table raw_dtx1.repo_file add legal_name text")
    world.build("--select", "int_dtx1__exemption_judged+", "pre_dtx1__exemption_extremes")

    code, printed, _ = preflight("--json")
    document = json.loads(printed)

    assert code == 3
    assert {(finding["where"], finding["effect"]) for finding in document["catalogue"]["findings"]} == {
        ("repo_file.legal_name", "holds"),
        ("work_log.odd # name", "holds"),
        ("report_data.extra", "holds"),
        ("keyword.replacement", "holds"),
    }
    held = {(finding["model"], finding["where"]) for finding in document["findings"] if finding["effect"] == "holds"}
    assert ("pub_dtx1__document", "raw_dtx1.repo_file.legal_name") in held
    extremes = {row["value"]: (row["row_count"], row["effect"]) for row in models(document)["exemption_extremes"]}
    assert extremes == {"9999-12-31": (400, "holds"), "9999-12-30": (1, "attention")}
    _, report = examine(world.settings, load_manifest(world.manifest))
    assert report is not None
    states = {model.as_json()["model"]: model.as_json()["state"] for model in report.models}
    assert states["pub_dtx1__document"].startswith("held: raw_dtx1.repo_file.legal_name")
    assert states["pub_dtx1__manual_override"] == "held: pre_dtx1__exemption_extremes: M1 holds exemption"
    assert not states["pub_dtx1__account_email"].startswith("held")

    code, table, _ = preflight()

    assert code == 3
    assert "work_log.odd # name" in table
    assert "1 hold their table (exemption)" in table

    world.in_source(
        "alter table repo_file drop legal_name",
        "alter table work_log drop `odd # name`",
        "alter table report_data drop extra",
        "alter table keyword modify replacement varchar(255) character set utf8mb3",
    )
    world.execute("transform", "alter table raw_dtx1.repo_file drop legal_name")
    world.execute(
        "transform",
        "insert into migration_seeds.accepted_extremes (source_table, column_name, pattern) "
        "values ('exemption', 'ExemptExpDate', '9999-12-31')",
    )
    dbt(world.settings, world.folder, "run", "--select", "pre_dtx1__exemption_extremes")

    assert preflight()[0] == 0


def a_legacy_server_out_of_reach_is_could_not_check(world: World, preflight: Preflight) -> None:
    """R4: everything else is shown all the same."""
    unreachable = world.settings.model_copy(update={"source_port": 1})

    code, printed, errors = preflight("--json", settings=unreachable)

    document = json.loads(printed)
    assert code == 2
    assert document["catalogue"]["checked"] is False
    assert len(document["models"]) == len(list((PROJECT_ROOT / "dbt_project/models/preflight").glob("*.sql")))
    assert "its columns were not compared" in errors
    assert unreachable.source_password.get_secret_value() not in errors
