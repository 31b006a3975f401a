"""The catalogue as objects of Metabase."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from metabase_catalogue import ACCOUNT, CATALOGUE, FORMATS

from loaders.errors import ConfigurationError
from loaders.metabase.catalogue import Catalogue, QuestionColumn
from loaders.metabase.desired import Connection, desired
from loaders.metabase.objects import Wanted

CONNECTION = Connection("db", 5432, "dtx2", "reader", ssl=True)


def objects(catalogue: Catalogue = CATALOGUE) -> dict[str, Wanted]:
    return {each.key: each for kind in desired(catalogue, FORMATS, CONNECTION).values() for each in kind}


def test_a_question_has_its_columns_in_the_legacy_order_with_titles_and_formats() -> None:
    fields = objects()["question:report:1"].fields

    assert fields["query"] == {
        "source-table": "rpt_account_master",
        "fields": ["rpt_account_master.account_name", "rpt_account_master.account_id", "rpt_account_master.expires_on"],
    }
    shown = fields["visualization_settings"]
    assert [column["name"] for column in shown["table.columns"]] == ["account_name", "account_id", "expires_on"]
    assert shown["column_settings"] == {
        '["name","account_name"]': {"column_title": "Customer"},
        '["name","account_id"]': {"column_title": "Customer no."},
        '["name","expires_on"]': {"column_title": "Expires", "date_style": "M/D/YYYY", "time_enabled": None},
    }
    assert fields["collection"] == "collection:category:4"


def test_an_account_s_question_is_filtered_by_it() -> None:
    assert objects()[f"question:report:1:account:{ACCOUNT}"].fields["query"]["filters"] == [
        ["=", "rpt_account_master.account_id", ACCOUNT]
    ]


def test_the_description_ends_with_the_key_and_says_what_is_missing() -> None:
    known = objects()
    assert known["question:report:1"].fields["description"] == "Every Account.\n\n[report:1]"
    assert known["question:report:2"].fields["description"] == (
        "Left out, since DTX 2.0 has no counterpart: Lost revenue, Risk.\n\n[report:2]"
    )


def test_a_report_without_counterpart_is_not_created() -> None:
    assert "question:report:3" not in objects()


def test_fields_that_became_one_column_are_one_column_with_both_titles() -> None:
    first, *others = CATALOGUE.questions
    columns = (*first.columns, QuestionColumn(4, "account_id", "CH id", None, None))
    doubled = replace(CATALOGUE, questions=(replace(first, columns=columns), *others))

    fields = objects(doubled)["question:report:1"].fields

    assert fields["query"]["fields"].count("rpt_account_master.account_id") == 1
    title = fields["visualization_settings"]["column_settings"]['["name","account_id"]']["column_title"]
    assert title == "Customer no. / CH id"


def test_parents_come_before_children_and_each_collection_is_closed_to_all_users() -> None:
    wanted = desired(CATALOGUE, FORMATS, CONNECTION)

    keys = [each.key for each in wanted["collection"]]
    assert keys.index("collection:category:5") < keys.index("collection:account:17")
    assert [each.key.replace("_access", "") for each in wanted["collection_access"]] == keys
    assert {tuple(each.fields.values()) for each in wanted["collection_access"]} == {("none", "read")}


def test_the_connection_sees_the_reporting_schema_and_holds_no_password() -> None:
    fields = objects()["database:reporting"].fields
    assert (fields["schemas"], fields["user"], fields["ssl"]) == ("reporting", "reader", True)
    assert not [name for name in fields if "password" in name]


def test_a_subscription_sends_its_dashboard_s_cards_to_each_address_once() -> None:
    fields = objects()["subscription:9"].fields
    assert fields["recipients"] == ["a@example.com", "b@example.com"]
    assert fields["cards"] == [{"card": f"question:report:1:account:{ACCOUNT}", "csv": True, "xls": False}]


def test_a_name_longer_than_metabase_takes_is_cut_where_one_can_see_it() -> None:
    first, *others = CATALOGUE.questions
    long = replace(CATALOGUE, questions=(replace(first, name="n" * 300), *others))
    name = objects(long)["question:report:1"].fields["name"]
    assert (len(name), name[-1]) == (254, "…")


def broken(**changes: Any) -> Catalogue:
    return replace(CATALOGUE, **changes)


FIRST, *REST = CATALOGUE.questions
DASHBOARD = CATALOGUE.dashboards[0]
SUBSCRIPTION = CATALOGUE.subscriptions[0]


@pytest.mark.parametrize(
    ("catalogue", "words"),
    [
        (broken(questions=(replace(FIRST, collection_key="gone"), *REST)), "report:1 is in no collection"),
        (broken(questions=(replace(FIRST, columns=()), *REST)), "report:1 has no columns"),
        (
            broken(questions=(replace(FIRST, columns=(QuestionColumn(1, "a", "A", None, "odd"),)), *REST)),
            "display format odd",
        ),
        (broken(questions=(FIRST,)), f"shows report:1:account:{ACCOUNT}, which is not created"),
        (broken(dashboards=(replace(DASHBOARD, collection_key="gone"),)), "is in no collection"),
        (broken(dashboards=()), "which is no dashboard"),
        (broken(subscriptions=(replace(SUBSCRIPTION, recipients=()),)), "has no recipient"),
        (broken(subscriptions=(SUBSCRIPTION, replace(SUBSCRIPTION, subscription_key="10"))), "have one schedule"),
        (broken(collections=CATALOGUE.collections[1:]), "has no parent|is in no collection"),
        (broken(collections=(replace(CATALOGUE.collections[0], parent_key="category:5"),)), "is in itself|no parent"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_told(catalogue: Catalogue, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        desired(catalogue, FORMATS, CONNECTION)
