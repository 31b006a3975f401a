"""The preview's page: what it says of each report, and that no value on it can act."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pytest
from page_support import Page
from report_catalogue import catalogue, question, schedule, subscription

from loaders.metabase.catalogue import Catalogue, Collection
from loaders.metabase.preview import Sample, as_created, deliveries_of, render

HOSTILE = "<script>alert(1)</script>\"' onclick=x {{ 7*7 }} </style></script> \x1b[31m\u202e"
FORMATS = {"money": {"number_style": "decimal", "decimals": 2}}
ADDRESS = "somebody@example.com"


def page_of(found: Catalogue, samples: Mapping[str, Sample] | None = None, value: str = "plain") -> str:
    facts = dict.fromkeys(("database", "environment", "generated_at", "code_version"), value)
    return render(found, FORMATS, samples, facts)


def a_bit_of_everything(value: str) -> tuple[Catalogue, dict[str, Sample]]:
    """A catalogue in which `value` stands wherever a text stands, and its rows."""
    texts: dict[str, Any] = {"name": value, "description": value, "collection_key": "c"}
    found = catalogue(
        question(55, **texts),
        question(7, coverage="partial", missing_fields=(value, value), **texts),
        question(8, coverage="none", columns=(), missing_fields=(value,), **texts),
        question(9, account_id=17, columns=((value, value),), **texts),
        collections=(Collection("c", None, value, value, None),),
        schedules=(schedule(1, 7), schedule(2, 7, outcome="dead"), schedule(3, None, outcome="reject")),
        subscriptions=(subscription(1, ADDRESS),),
    )
    samples = {
        "report:55": Sample(rows=[(value, 1500)]),
        "report:7": Sample(problem=value),
        "report:9:account:17": Sample(rows=[]),
    }
    return found, samples


def test_x1_hostile_values_are_text_and_nothing_else() -> None:
    benign = page_of(*a_bit_of_everything("plain"))
    page = page_of(*a_bit_of_everything(HOSTILE), value=HOSTILE)

    assert [name for name, _ in Page(page).elements] == [name for name, _ in Page(benign).elements]
    events = {key for _, found in Page(page).elements for key in found if key.startswith("on")}
    assert events == set()
    assert "49" not in Page(page).text
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert Page(page).text.count("<script>alert(1)</script>") > 15


def test_x1_the_policy_lets_the_pages_own_script_and_style_run_and_nothing_else() -> None:
    page = page_of(*a_bit_of_everything("plain"))
    (policy,) = [found["content"] for name, found in Page(page).elements if "http-equiv" in found]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in str(policy)
    assert str(policy).startswith("default-src 'none'; ")
    assert {name for name, _ in Page(page).elements}.isdisjoint({"link", "img", "iframe", "object", "base"})
    assert all(str(found["href"]).startswith("#") for name, found in Page(page).elements if name == "a")
    assert re.search(r"url\(|@import|https?:", page) is None


def test_x1_no_address_is_on_the_page() -> None:
    page = page_of(*a_bit_of_everything("plain"))
    assert ADDRESS not in page
    assert "2 schedules (1 dead, 1 subscribe), 1 recipient" in Page(page).text


def test_the_same_catalogue_gives_the_same_bytes() -> None:
    assert page_of(*a_bit_of_everything("plain")) == page_of(*a_bit_of_everything("plain"))


def test_a_report_is_shown_as_metabase_will_show_it() -> None:
    text = Page(page_of(catalogue(question(7)), {"report:7": Sample(rows=[("Acme", 1500), (None, -2)])})).text
    assert "Vendor Name Limit Amount Acme 1,500.00 -2.00" in text
    assert "live data" in text


def test_a_column_that_two_legacy_fields_became_is_shown_once_as_metabase_takes_it() -> None:
    found = as_created(catalogue(question(7, columns=(("name", None), ("city", None), ("name", "money")))))
    assert [column.reporting_column for column in found.questions[0].columns] == ["name", "city"]


def test_line_breaks_of_legacy_texts_read_as_spaces() -> None:
    found = catalogue(question(7, "COI\u00a0Status\t", description="One\r\ntwo"))
    page = page_of(found, {"report:7": Sample(rows=[("Main Street\nSuite 4", 1)])})
    assert ">COI Status</h3>" in page
    assert ">One two</p>" in page
    assert "<td>Main Street Suite 4</td>" in page


def test_without_rows_there_is_no_row_and_no_notice_of_rows() -> None:
    page = page_of(catalogue(question(7)))
    assert "live data" not in page
    assert '<table class="rows">' not in page
    assert "vendor_name" in Page(page).text


def test_what_is_not_served_or_could_not_be_read_says_so() -> None:
    text = Page(page_of(*a_bit_of_everything("why"))).text
    assert "Its rows could not be read. why" in text
    assert "2 fields without a counterpart: why , why" in text
    assert "Not created in Metabase" in text
    assert "No rows." in text


def test_the_most_used_reports_come_first_in_their_order_and_once() -> None:
    found = catalogue(*(question(number, f"Title {number}") for number in (2, 135, 127, 55, 1)))
    headings = re.findall(r"<h3 [^>]*>Title (\d+)", page_of(found))
    assert headings == ["1", "55", "127", "135", "2"]


def test_an_accounts_collection_follows_its_category() -> None:
    found = catalogue(
        question(300, "Own", account_id=17, collection_key="account:17"),
        question(2, "Shared"),
        question(301, "Unowned", collection_key="category:5"),
    )
    headings = re.findall(r"<h2 id[^>]*>([^<]*)|<h3 [^>]*>([^<]*)", page_of(found))
    assert [first or second for first, second in headings] == [
        *("COI", "Shared"),
        *("Custom", "Unowned"),
        *("Custom / Harbour Estates", "Own"),
    ]


def test_every_question_is_on_the_page_and_in_the_list_of_reports() -> None:
    found, samples = a_bit_of_everything("plain")
    elements = Page(page_of(found, samples)).elements
    articles = {attributes["id"] for name, attributes in elements if name == "article"}
    assert len(articles) == len(found.questions)
    assert {attributes["data-for"] for _, attributes in elements if "data-for" in attributes} == articles
    targets = {str(attributes["href"])[1:] for name, attributes in elements if name == "a"}
    identifiers = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert targets <= set(identifiers)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    ("report_id", "account_id", "key"),
    [
        (55, 17, "report:55:account:17"),
        (55, None, "report:55"),
        (55, 99, "report:55"),
        (999, None, None),
        (None, 17, None),
    ],
)
def test_a_schedule_counts_for_one_question(report_id: int | None, account_id: int | None, key: str | None) -> None:
    found = deliveries_of(
        catalogue(
            question(55),
            question(55, account_id=17),
            schedules=(schedule(1, report_id, account_id),),
            subscriptions=(
                subscription(1, "A@example.com"),
                subscription(1, "a@example.com", "b@example.com", number=2),
            ),
        )
    )
    assert dict(found).keys() == {key}
    assert (found[key].schedules, found[key].recipients) == ({"subscribe": 1}, 2)
