"""`dtx metabase exposures` and `dtx metabase preview` on a real PostgreSQL, as an operator calls them."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from catalogue_tables import PASSWORD, drop_reader, make_tables
from report_catalogue import catalogue, question, schedule, subscription
from typer.testing import CliRunner, Result

from loaders.cli import app
from loaders.database import connect
from loaders.errors import ConfigurationError, RefusedError, ServiceError
from loaders.metabase import exposures_command, preview_command
from loaders.settings import Settings
from sandbox.servers.postgres import Postgres

ADDRESS = "somebody@example.com"
CATALOGUE = catalogue(
    question(55, "Link Customer Compliance"),
    question(7, "Vendors", columns=(("vendor_name", None), ("limit_amount", "number"), ("received_at", "datetime"))),
    question(7, "Vendors", account_id=17, collection_key="account:17"),
    question(8, "Gone", coverage="none", reporting_model=None, columns=(), missing_fields=("so_pin",)),
    schedules=(schedule(1, 7, 17),),
    subscriptions=(subscription(1, ADDRESS),),
)


@pytest.fixture
def settings(
    database: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Settings]:
    """A catalogue of four questions over one view of twelve rows, and the commands set on it."""
    made = make_tables(database, postgres, CATALOGUE)
    with connect(made, "transform") as transform:
        transform.execute(
            "insert into reporting.rpt_record_compliance "
            "select 16 + (n > 11)::int, 'Vendor ' || n, n * 1000, '2026-01-01 03:00:00+00' "
            "from generate_series(1, 12) as n"
        )
        transform.execute("insert into migration_seeds.report_owners values ('category:1', 'Owner', 'o@example.com')")
        transform.execute("insert into migration_preflight.pre_dtx1__report_usage values (7, 12, 5), (null, 1, 1)")
        transform.execute("""
            insert into migration_seeds.display_formats
            values ('number', '{"decimals": 0}'), ('datetime', '{"date_style": "M/D/YYYY"}'), ('money', '{}')
        """)
    for command in (exposures_command, preview_command):
        monkeypatch.setattr(command, "load_settings", lambda: made)
    monkeypatch.setattr(exposures_command, "REPORTS", tmp_path / "reports.yml")
    yield made
    drop_reader(made, postgres)


def dtx(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["metabase", *arguments], catch_exceptions=False)


def document(*arguments: str) -> dict[str, Any]:
    return json.loads(dtx(*arguments, "--json").stdout)


def test_the_file_of_exposures_is_stale_until_it_is_written_and_whenever_the_catalogue_changes(
    settings: Settings, tmp_path: Path
) -> None:
    assert dtx("exposures", "--check").exit_code == 1
    assert not (tmp_path / "reports.yml").exists()
    written = document("exposures")
    assert (written["added"], written["written"]) == (["report_0007", "report_0008"], True)
    assert dtx("exposures", "--check").exit_code == 0
    text = (tmp_path / "reports.yml").read_text(encoding="utf-8")
    assert "maturity: high" in text
    assert dtx("exposures").exit_code == 0
    assert (tmp_path / "reports.yml").read_text(encoding="utf-8") == text

    with connect(settings, "transform") as transform:
        transform.execute("update migration_catalogue.cat_dtx1__question set name = 'Ours' where report_id = 7")
    checked = dtx("exposures", "--check", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.stdout)["changed"] == ["report_0007"]


@pytest.mark.parametrize("text", ["", "<<<<<<< ours\n", "exposures: 7\n", "models: []\n"])
def test_a_file_that_is_spoilt_is_stale_and_is_written_anew(settings: Settings, tmp_path: Path, text: str) -> None:
    (tmp_path / "reports.yml").write_text(text)
    assert dtx("exposures", "--check").exit_code == 1
    assert document("exposures")["added"] == ["report_0007", "report_0008"]
    assert dtx("exposures", "--check").exit_code == 0


def test_r6_an_empty_catalogue_is_no_pass(settings: Settings, tmp_path: Path) -> None:
    with connect(settings, "transform") as transform:
        transform.execute("truncate migration_catalogue.cat_dtx1__question")
    for arguments in (("exposures",), ("exposures", "--check"), ("preview", "--out", str(tmp_path / "preview.html"))):
        with pytest.raises(ConfigurationError, match="has no row"):
            dtx(*arguments)
    assert not (tmp_path / "reports.yml").exists()
    assert not (tmp_path / "preview.html").exists()


def test_a_category_without_an_owner_and_a_catalogue_that_is_not_built_are_named(settings: Settings) -> None:
    with connect(settings, "transform") as transform:
        transform.execute("truncate migration_seeds.report_owners")
    with pytest.raises(ConfigurationError, match="category:1"):
        dtx("exposures", "--check")
    with connect(settings, "transform") as transform:
        transform.execute("drop table migration_catalogue.cat_dtx1__question")
    for arguments in (("exposures", "--check"), ("preview", "--out", "unwritten.html")):
        with pytest.raises(ConfigurationError, match="is missing or of older code"):
            dtx(*arguments)


def test_the_preview_shows_the_first_rows_as_metabase_will(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "preview.html"
    done = dtx("preview", "--out", str(out))
    assert done.exit_code == 0, done.stdout
    page = out.read_text(encoding="utf-8")

    # Three in the morning UTC is ten in the evening before in New York, the report time zone.
    assert '<td>Vendor 1</td><td class="number">1,000</td><td>12/31/2025, 10:00 PM</td>' in page
    assert page.count("<td>Vendor ") == 10 + 10 + 1
    assert "<td>Vendor 12</td>" in page
    assert "1 schedule (1 subscribe), 1 recipient" in page
    assert ADDRESS not in page
    assert PASSWORD not in page
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_x1_without_rows_the_page_holds_no_value_of_the_database(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "preview.html"
    assert dtx("preview", "--out", str(out), "--no-rows").exit_code == 0
    assert "Vendor 1" not in out.read_text(encoding="utf-8")


def test_p15_a_question_beyond_what_the_reporting_role_sees_is_named_and_the_others_are_shown(
    settings: Settings, tmp_path: Path
) -> None:
    with connect(settings, "transform") as transform:
        transform.execute("create table reporting.secret as select 1 as account_id, 'hidden value' as vendor_name")
        transform.execute(
            "update migration_catalogue.cat_dtx1__question set reporting_model = 'secret' where report_id = 55"
        )
    out = tmp_path / "preview.html"
    done = dtx("preview", "--out", str(out), "--json")
    assert done.exit_code == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["question_key"] == "report:55"
    assert "secret" in problem["problem"]
    assert "Its rows could not be read." in out.read_text(encoding="utf-8")
    assert "<td>Vendor 1</td>" in out.read_text(encoding="utf-8")


def test_p15_a_reporting_role_that_sees_more_is_refused(settings: Settings, tmp_path: Path) -> None:
    with connect(settings, "transform") as transform:
        transform.execute(f"grant usage on schema migration_seeds to {settings.reporting_user}")
        transform.execute(f"grant select on migration_seeds.report_owners to {settings.reporting_user}")
    with pytest.raises(RefusedError, match="outside of schema reporting"):
        dtx("preview", "--out", str(tmp_path / "preview.html"))


def test_a_question_that_takes_too_long_is_given_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(settings, "transform") as transform:
        transform.execute("drop table reporting.rpt_record_compliance")
        transform.execute("""
            create view reporting.rpt_record_compliance as
            select 17 as account_id, pg_sleep(600)::text as vendor_name, 1 as limit_amount, now() as received_at
        """)
        transform.execute(f"grant select on reporting.rpt_record_compliance to {settings.reporting_user}")
    monkeypatch.setattr(preview_command, "_SECONDS_PER_QUESTION", 1)
    done = dtx("preview", "--out", str(tmp_path / "preview.html"), "--json")
    assert done.exit_code == 2
    problems = {each["problem"] for each in json.loads(done.stdout)["problems"]}
    assert problems == {"It takes longer than a preview may."}


def test_what_the_preview_cannot_show_or_reach_is_an_error(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "preview.html")
    wrong = settings.model_copy(update={"reporting_password": None})
    monkeypatch.setattr(preview_command, "load_settings", lambda: wrong)
    with pytest.raises(ConfigurationError, match="DTX_REPORTING_PASSWORD"):
        dtx("preview", "--out", out)
    monkeypatch.setattr(preview_command, "load_settings", lambda: settings.model_copy(update={"target_port": 1}))
    with pytest.raises(ServiceError, match="cannot connect"):
        dtx("preview", "--out", out)
    monkeypatch.setattr(preview_command, "load_settings", lambda: settings)
    with connect(settings, "transform") as transform:
        transform.execute("""insert into migration_seeds.display_formats values ('odd', '{"scale": 2}')""")
    with pytest.raises(ConfigurationError, match="odd: scale"):
        dtx("preview", "--out", out)
    assert not (tmp_path / "preview.html").exists()
