"""The exposures made from the catalogue: stable names, honest coverage, and no legacy text that acts."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from report_catalogue import catalogue, question

from loaders.metabase.exposures import Owner, Usage, exposures_text, maturity
from loaders.metabase.identity import card_entity_id

OWNERS = {key: Owner(f"Owner of {key}", f"{key[-1]}@example.com") for key in ("category:1", "category:5")}


def exposures(*questions: Any, usage: dict[int, Usage] | None = None) -> list[dict[str, Any]]:
    return yaml.safe_load(exposures_text(catalogue(*questions), OWNERS, usage or {}))["exposures"]


def test_one_exposure_for_each_report_that_is_not_described_by_hand() -> None:
    found = exposures(
        question(1),
        question(55),
        question(127),
        question(135),
        question(55, account_id=17),
        question(1200),
        question(7),
        question(7, account_id=17),
        question(7, account_id=3),
    )
    assert [each["name"] for each in found] == ["report_0007", "report_1200"]
    assert "account_id" not in found[0]["config"]["meta"]


def test_a_new_title_changes_the_label_and_nothing_else() -> None:
    (before,), (after,) = exposures(question(7, "Old")), exposures(question(7, "New"))
    assert {key for key in before if before[key] != after[key]} == {"label"}


def test_a_custom_report_is_its_accounts_and_has_its_categorys_owner() -> None:
    (custom,) = exposures(question(300, account_id=17, collection_key="account:17"))
    assert custom["owner"] == {"name": "Owner of category:5", "email": "5@example.com"}
    assert custom["config"]["meta"]["legacy_category"] == "Custom"
    assert custom["config"]["meta"]["account_id"] == 17
    assert custom["url"].endswith(f"/question/entity/{card_entity_id('report:300:account:17')}")


def test_a_customers_own_words_stay_out_of_the_repository() -> None:
    text = exposures_text(
        catalogue(question(300, "Mrs Smith's vendors", account_id=17, description="For Mrs Smith")), OWNERS, {}
    )
    assert "Smith" not in text
    assert "label: Custom report 300" in text


def test_what_cannot_be_served_depends_on_nothing_and_has_no_address() -> None:
    missing = ("so_pin", "ch_notes")
    partial, none = exposures(
        question(8, coverage="partial", missing_fields=missing),
        question(9, coverage="none", missing_fields=missing, reporting_model=None, columns=()),
    )
    assert partial["depends_on"] == ["ref('rpt_record_compliance')"]
    assert "no column holds so\\_pin, ch\\_notes" in partial["description"]
    assert none["depends_on"] == []
    assert "url" not in none
    assert none["maturity"] == "low"
    assert none["config"]["meta"]["missing_fields"] == list(missing)


def test_the_file_names_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTX_METABASE_URL", "http://127.0.0.1:49321")
    text = exposures_text(catalogue(question(7)), OWNERS, {})
    assert "49321" not in text
    assert "/question/entity/" in text


@pytest.mark.parametrize(
    ("usage", "coverage", "expected"),
    [
        (None, "complete", "low"),
        (Usage(0, 0), "complete", "low"),
        (Usage(1, 1), "complete", "medium"),
        (Usage(99, 4), "complete", "medium"),
        (Usage(5, 5), "complete", "high"),
        (Usage(9, 9), "partial", "medium"),
        (Usage(9, 9), "none", "low"),
    ],
)
def test_maturity_is_how_much_people_rely_on_it(usage: Usage | None, coverage: str, expected: str) -> None:
    assert maturity(question(7, coverage=coverage), usage) == expected


def test_a_category_without_an_owner_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match="category:1"):
        exposures_text(catalogue(question(7)), {}, {})


def test_an_entity_id_is_what_metabase_takes_and_never_changes() -> None:
    """Every Metabase that the questions were created in knows them by it."""
    assert card_entity_id("report:55") == "Nmgpv_wFwcT9v-UOKtsO-"
