"""What people see of Area 12 before there is a Metabase: the exposures in the repository, and the preview."""

from __future__ import annotations

import re
from typing import Any

import yaml
from migration import Migration

from loaders.metabase.exposures import MAIN_REPORTS
from loaders.settings import PROJECT_ROOT

EXPOSURES = PROJECT_ROOT / "dbt_project" / "models" / "exposures"


def by_hand() -> list[dict[str, Any]]:
    exposures: list[dict[str, Any]] = yaml.safe_load((EXPOSURES / "reporting.yml").read_text("utf-8"))["exposures"]
    return exposures


def models(exposure: dict[str, Any]) -> set[str]:
    return {re.fullmatch(r"ref\('(\w+)'\)", each)[1] for each in exposure["depends_on"]}


def test_the_generated_exposures_are_what_the_catalogue_says(migration: Migration) -> None:
    document = migration.document("dtx", "metabase", "exposures", "--check")
    assert document["is_current"] is True
    assert document["exposures"] > 100


def test_the_four_reports_by_hand_are_what_the_catalogue_says(migration: Migration) -> None:
    found = migration.query(
        "select report_id, name, reporting_model, question_key from migration_catalogue.cat_dtx1__question "
        f"where report_id in {MAIN_REPORTS} and account_id is null"
    )
    described = {
        (meta["legacy_report_id"], each["label"], *models(each), meta["question_key"])
        for each in by_hand()
        if "legacy_report_id" in (meta := each["config"]["meta"])
    }
    assert described == set(found)
    assert len(found) == len(MAIN_REPORTS)


def test_the_dashboards_by_hand_are_what_the_catalogue_says(migration: Migration) -> None:
    found = migration.query("""
        select dashboard_key, dashboard.name, array_agg(distinct reporting_model)
        from migration_catalogue.cat_dtx1__dashboard as dashboard
        inner join migration_catalogue.cat_dtx1__dashboard_card using (dashboard_key)
        inner join migration_catalogue.cat_dtx1__question using (question_key)
        where dashboard_key like 'category:%'
        group by dashboard_key, dashboard.name
    """)
    described = {
        (each["config"]["meta"]["dashboard_key"], each["label"]): models(each)
        for each in by_hand()
        if each["type"] == "dashboard"
    }
    assert described == {(key, name): set(tables) for key, name, tables in found}


def test_x1_every_report_can_be_previewed_and_no_recipient_is_named(migration: Migration) -> None:
    """Each question runs on the reporting views as the role that Metabase reads with."""
    page = migration.folder / "preview.html"
    document = migration.document("dtx", "metabase", "preview", "--out", str(page), "--no-rows")
    text = page.read_text(encoding="utf-8")
    (recipients,) = zip(
        *migration.query(
            "select distinct jsonb_array_elements_text(recipients) from migration_catalogue.cat_dtx1__subscription"
        ),
        strict=True,
    )
    assert [address for address in recipients if address in text] == []

    document = migration.document("dtx", "metabase", "preview", "--out", str(page))
    assert document["problems"] == []
    ((questions,),) = migration.query("select count(*) from migration_catalogue.cat_dtx1__question")
    assert sum(document["questions"].values()) == questions > 130
