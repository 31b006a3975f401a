"""The preview in a real browser: nothing is forbidden or fails, hostile rows stay text, the filter finds reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Tab, browser
from report_catalogue import catalogue, question, schedule

from loaders.metabase.preview import Sample, render

HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
WIDE = tuple((f"a_column_with_a_long_name_{number}", None) for number in range(30))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = catalogue(
        question(1, "Account Master"),
        question(41, "COI Status", description=HOSTILE),
        question(42, "COI-Expired", coverage="partial", missing_fields=(HOSTILE,)),
        question(43, "Gone", coverage="none", columns=(), collection_key="category:5"),
        question(44, "Wide " + "unbroken" * 40, columns=WIDE),
        schedules=(schedule(1, 42),),
    )
    samples = {
        **{f"report:{number}": Sample(rows=[(HOSTILE, 12)]) for number in (1, 41, 42)},
        "report:44": Sample(rows=[("unbroken" * 40,) * len(WIDE)]),
    }
    facts = dict.fromkeys(("database", "environment", "generated_at", "code_version"), HOSTILE)
    path = tmp_path_factory.mktemp("page") / "preview.html"
    path.write_text(render(found, {"money": {}}, samples, facts), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tab(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile"), width=500) as opened:
        opened.open(page)
        yield opened


def shown(tab: Tab, **settings: str) -> list[str]:
    """The titles that are left, first in the page and then in the list, when the filter is set so."""
    for field, value in settings.items():
        attribute = "checked" if field == "scheduled" else "value"
        tab.ask(f"document.getElementById({field!r}).{attribute} = {value!r}")
    tab.ask("document.getElementById('words').dispatchEvent(new Event('input', {bubbles: true}))")
    visible = (
        "[...document.querySelectorAll({!r})].filter((each) => each.checkVisibility()).map((each) => each.textContent)"
    )
    titles = tab.ask(visible.format("article h3"))
    assert tab.ask(visible.format("nav li")) == titles
    return titles


def test_x1_nothing_on_the_page_is_forbidden_fails_or_runs(tab: Tab) -> None:
    assert tab.complaints == []
    assert tab.ask("document.title").startswith("Preview of the reports")
    assert tab.ask("document.images.length") == 0
    assert tab.ask("getComputedStyle(document.querySelector('aside')).position") == "static"


def test_the_policy_is_in_force(page: Path, tmp_path: Path) -> None:
    """The same page with one more script: the browser must say that it did not run it."""
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(page.read_text(encoding="utf-8").replace("<main>", "<main><script>document.title='run'</script>"))
    with browser(tmp_path / "profile") as tab:
        tab.open(spoilt)
        assert tab.ask("document.title") != "run"
        assert any("Content Security Policy" in complaint for complaint in tab.complaints)


def test_the_filter_finds_reports_by_word_coverage_and_schedule(tab: Tab) -> None:
    everything = shown(tab, words="", coverage="", scheduled="")
    assert len(everything) == 5
    assert shown(tab, words="COI status") == ["COI Status"]
    assert shown(tab, words="42") == ["COI-Expired"]
    assert shown(tab, words="vendor_name", coverage="partial") == ["COI-Expired"]
    assert shown(tab, words="", coverage="none") == ["Gone"]
    assert tab.ask("document.getElementById('shown').value") == "1 of 5 reports"
    assert shown(tab, coverage="", scheduled="yes") == ["COI-Expired"]
    assert shown(tab, words="nothing has this", scheduled="") == []
    assert shown(tab, words="") == everything


def test_only_the_rows_scroll_sideways_at_the_width_of_a_phone(tab: Tab) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    assert tab.ask("innerWidth") == 400
    assert tab.ask("document.documentElement.scrollWidth") <= 400
    assert tab.ask("Math.max(...[...document.querySelectorAll('.scroll')].map((each) => each.scrollWidth))") > 2000
