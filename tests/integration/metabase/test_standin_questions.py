"""The stand-in over a real PostgreSQL: metadata, and questions that run as the read-only role."""

from __future__ import annotations

import httpx
import pytest
from standin import Json, Warehouse, field_id, get, mbql, native, post, put, question, rows, run, table

from sandbox.metabase.server import LocalMetabase


def test_a_sync_reads_what_the_reporting_role_sees_and_nothing_else(connected: Json) -> None:
    names = {(each["schema"], each["name"]) for each in connected["tables"]}
    assert names == {("reporting", "rpt_account"), ("reporting", "rpt_record")}
    fields = {each["name"]: each for each in table(connected, "rpt_record")["fields"]}
    assert {name: each["base_type"] for name, each in fields.items()} == {
        "record_id": "type/BigInteger",
        "account_id": "type/Integer",
        "name": "type/Text",
        "premium": "type/Decimal",
        "compliant": "type/Boolean",
        "seen_at": "type/DateTimeWithLocalTZ",
    }
    assert fields["record_id"]["semantic_type"] == "type/PK"
    assert fields["account_id"]["fk_target_field_id"] == field_id(connected, "rpt_account", "account_id")
    assert fields["premium"]["description"] == "What is paid a year."
    assert connected["details"]["password"] == "**MetabasePass**"
    assert connected["initial_sync_status"] == "complete"


def test_numbers_stay_when_a_view_is_rebuilt_and_a_dropped_one_is_inactive(
    metabase: LocalMetabase, client: httpx.Client, connected: Json, warehouse: Warehouse
) -> None:
    before = field_id(connected, "rpt_account", "name")
    put(client, f"/api/field/{before}", {"description": "Somebody's words.", "semantic_type": "type/Name"})
    warehouse.execute("drop table reporting.rpt_record; alter table reporting.rpt_account add column city text")
    assert post(client, f"/api/database/{connected['id']}/sync_schema") == {"status": "ok"}
    metabase.wait()
    after = get(client, f"/api/database/{connected['id']}/metadata")
    assert [each["name"] for each in after["tables"]] == ["rpt_account"]
    assert field_id(after, "rpt_account", "name") == before
    assert field_id(after, "rpt_account", "city") > before
    assert get(client, f"/api/field/{before}")["description"] == "Somebody's words."


def test_a_database_that_nobody_answers_for_is_400_on_creation_and_422_on_sync(
    client: httpx.Client, connected: Json, warehouse: Warehouse
) -> None:
    wrong = {**warehouse.details, "password": "wrong"}
    answer = client.post("/api/database", json={"name": "X", "engine": "postgres", "details": wrong})
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"host", "port", "dbname", "user", "password"})
    assert warehouse.details["password"] not in answer.text
    masked = {**warehouse.details, "password": "**MetabasePass**"}
    assert put(client, f"/api/database/{connected['id']}", {"details": masked})["name"] == "DTX"
    warehouse.execute(f"revoke connect on database {warehouse.name} from public")
    answer = client.post(f"/api/database/{connected['id']}/sync_schema")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (422, "text/plain")


def test_picked_columns_filters_and_order(client: httpx.Client, connected: Json) -> None:
    name, premium, key = (field_id(connected, "rpt_record", each) for each in ("name", "premium", "record_id"))
    query = mbql(
        connected,
        fields=[["field", name, None], ["field", premium, None]],
        filter=["and", [">", ["field", premium, None], 5], ["contains", ["field", name, None], "50%"]],
        order_by=[["desc", ["field", key, None]]],
    )
    card = question(client, query)
    result = run(client, card)
    assert (result["status"], result["row_count"], result["data"]["rows"]) == ("completed", 1, [["Crane 50%", 12.5]])
    assert [column["display_name"] for column in result["data"]["cols"]] == ["Name", "Premium"]
    assert [column["name"] for column in card["result_metadata"]] == ["name", "premium"]
    assert (card["table_id"], card["query_type"]) == (table(connected, "rpt_record")["id"], "query")


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        (["=", ["field", "name", None], "Dock", "Crane 50%"], [10, 11]),
        (["!=", ["field", "name", None], "Dock"], [10, 12]),
        (["is-null", ["field", "premium", None]], [12]),
        (["not-null", ["field", "premium", None]], [10, 11]),
        (["between", ["field", "premium", None], 7, 10], [11]),
        (["<=", ["field", "premium", None], 7], [11]),
        (["or", ["=", ["field", "compliant", None], True], [">", ["field", "record_id", None], 11]], [10, 12]),
        (["not", ["=", ["field", "compliant", None], True]], [11]),
        (["starts-with", ["field", "name", None], "do", {"case-sensitive": False}], [11]),
        (["does-not-contain", ["field", "name", None], "50%"], [11, 12]),
        (["is-empty", ["field", "name", None]], [12]),
    ],
)
def test_filters_mean_what_they_mean_in_metabase(
    client: httpx.Client, connected: Json, condition: Json, keys: list[int]
) -> None:
    def by_number(clause: Json) -> Json:
        if isinstance(clause, list) and clause[0] == "field":
            return ["field", field_id(connected, "rpt_record", clause[1]), None]
        return [by_number(part) for part in clause] if isinstance(clause, list) else clause

    key = ["field", field_id(connected, "rpt_record", "record_id"), None]
    query = mbql(connected, fields=[key], filter=by_number(condition), order_by=[["asc", key]])
    assert [row[0] for row in rows(client, question(client, query))] == keys


def test_a_time_interval_counts_whole_units(client: httpx.Client, connected: Json, warehouse: Warehouse) -> None:
    warehouse.execute("""
        insert into reporting.rpt_record (record_id, seen_at) values
            (20, current_timestamp), (21, date_trunc('month', current_timestamp) - interval '1 second'),
            (22, date_trunc('month', current_timestamp) - interval '1 month' - interval '1 second')
    """)
    key, seen = (["field", field_id(connected, "rpt_record", each), None] for each in ("record_id", "seen_at"))
    for count, keys in ((0, [20]), ("current", [20]), (-1, [21]), (-2, [21, 22])):
        recent = [">", key, 19]
        interval = ["and", recent, ["time-interval", seen, count, "month"]]
        query = mbql(connected, fields=[key], filter=interval, order_by=[["asc", key]])
        assert [row[0] for row in rows(client, question(client, query))] == keys, count


def test_counting_by_a_column(client: httpx.Client, connected: Json) -> None:
    account, premium = (field_id(connected, "rpt_record", each) for each in ("account_id", "premium"))
    query = mbql(
        connected,
        aggregation=[["count"], ["sum", ["field", premium, None]]],
        breakout=[["field", account, None]],
        order_by=[["asc", ["field", account, None]]],
    )
    result = run(client, question(client, query))
    assert result["data"]["rows"] == [[1, 2, 19.5], [2, 1, None]]
    assert [column["display_name"] for column in result["data"]["cols"]] == ["Account ID", "Count", "Sum of Premium"]


def test_a_question_on_a_question_with_a_join(client: httpx.Client, connected: Json) -> None:
    account, name = (field_id(connected, "rpt_record", each) for each in ("account_id", "name"))
    target, title = (field_id(connected, "rpt_account", each) for each in ("account_id", "name"))
    join = {
        "alias": "Account",
        "source-table": table(connected, "rpt_account")["id"],
        "condition": ["=", ["field", account, None], ["field", target, {"join-alias": "Account"}]],
        "fields": [["field", title, {"join-alias": "Account"}]],
    }
    inner = question(client, mbql(connected, fields=[["field", name, None]], joins=[join]))
    assert sorted(rows(client, inner), key=str) == [["Crane 50%", "Ash"], ["Dock", "Ash"], [None, "Birch"]]
    outer = mbql(connected)
    outer["query"] = {
        "source-table": f"card__{inner['id']}",
        "filter": ["=", ["field", "name_2", {"base-type": "type/Text"}], "Birch"],
    }
    assert rows(client, question(client, outer)) == [[None, "Birch"]]


def test_template_tags_raw_field_filter_and_optional(client: httpx.Client, connected: Json) -> None:
    dimension = ["field", field_id(connected, "rpt_record", "account_id"), None]
    tags = {
        "least": {"name": "least", "display-name": "Least", "type": "number"},
        "account": {
            "name": "account",
            "display-name": "Account",
            "type": "dimension",
            "dimension": dimension,
            "widget-type": "number/=",
        },
    }
    statement = """
        select record_id from reporting.rpt_record
        where {{account}} [[and premium >= {{least}}]] order by 1 -- 100%
    """
    card = question(client, native(connected, statement, tags))
    assert rows(client, card) == [[10], [11], [12]]
    least = {"type": "number/=", "target": ["variable", ["template-tag", "least"]], "value": 10}
    account = {"type": "number/=", "target": ["dimension", ["template-tag", "account"]], "value": [1]}
    assert rows(client, card, parameters=[account]) == [[10], [11]]
    assert rows(client, card, parameters=[account, least]) == [[10]]
    unknown = {"type": "number/=", "target": ["variable", ["template-tag", "most"]], "value": 1}
    assert run(client, card, parameters=[unknown])["error_type"] == "invalid-parameter"
    tags["least"]["required"] = True
    bare = "select {{least}} as least"
    assert run(client, question(client, native(connected, bare, tags)))["error_type"] == "missing-required-parameter"
    assert run(client, question(client, native(connected, bare)))["status"] == "failed"


def test_a_parameter_filters_a_question_by_its_field(client: httpx.Client, connected: Json) -> None:
    field = ["field", field_id(connected, "rpt_account", "opened"), None]
    query = {"source-table": table(connected, "rpt_account")["id"], "fields": [field]}
    card = question(client, {"type": "query", "database": connected["id"], "query": query})
    parameter = {"type": "date/range", "target": ["dimension", field], "value": "2021-01-01~2021-12-31"}
    assert rows(client, card, parameters=[parameter]) == [["2021-02-28"]]


def test_a_broken_question_is_answered_202_failed(client: httpx.Client, connected: Json) -> None:
    card = question(client, native(connected, "select nothing from reporting.rpt_record"))
    result = run(client, card)
    assert (result["status"], result["data"]["rows"]) == ("failed", [])
    assert "nothing" in result["error"]
    assert card["result_metadata"] is None
    gone = mbql(connected, fields=[["field", 10_000, None]])
    assert run(client, question(client, gone))["status"] == "failed"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from hidden.secret",
        "delete from reporting.rpt_record returning 1 as one",
        "select 1 as one); delete from reporting.rpt_record; select (1",
        "select 1 as one; drop table reporting.rpt_record",
    ],
)
def test_a_question_can_neither_leave_reporting_nor_write(
    client: httpx.Client, connected: Json, statement: str
) -> None:
    assert post(client, "/api/dataset", native(connected, statement))["status"] == "failed"
    count = native(connected, "select count(*) as n from reporting.rpt_record;")
    assert post(client, "/api/dataset", count)["data"]["rows"] == [[3]]


def test_an_export_has_the_columns_that_the_settings_show_under_their_titles(
    client: httpx.Client, connected: Json
) -> None:
    columns = [{"name": "premium", "enabled": True}, {"name": "name", "enabled": True}]
    look = {
        "table.columns": [*columns, {"name": "record_id", "enabled": False}],
        "column_settings": {'["name","premium"]': {"column_title": "Yearly premium"}},
    }
    key = ["field", field_id(connected, "rpt_record", "record_id"), None]
    card = question(client, mbql(connected, order_by=[["asc", key]]), visualization_settings=look)
    exported = client.post(f"/api/card/{card['id']}/query/csv", json={"format_rows": False})
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.text == "Yearly premium,Name\n12.5,Crane 50%\n7,Dock\n,\n"
    as_form = client.post(f"/api/card/{card['id']}/query/json", data={"format_rows": "false"}).json()
    assert as_form[0] == {"Yearly premium": 12.5, "Name": "Crane 50%"}
    assert client.post(f"/api/card/{card['id']}/query/csv?format_rows=true").status_code == 400


def test_a_result_is_cut_at_2000_rows_and_an_export_is_not(client: httpx.Client, connected: Json) -> None:
    card = question(client, native(connected, "select n from generate_series(1, 2500) as n"))
    result = run(client, card)
    assert (result["row_count"], result["data"]["rows_truncated"]) == (2000, 2000)
    assert len(client.post(f"/api/card/{card['id']}/query/csv", json={}).text.splitlines()) == 2501


def test_times_are_of_the_report_time_zone(client: httpx.Client, connected: Json) -> None:
    card = question(client, native(connected, "select seen_at from reporting.rpt_record where record_id = 10"))
    assert rows(client, card) == [["2026-03-01T07:00:00-05:00"]]
    assert client.put("/api/setting/report-timezone", json={"value": "Europe/London"}).status_code == 204
    assert rows(client, card) == [["2026-03-01T12:00:00+00:00"]]
