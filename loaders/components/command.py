"""`dtx --system dispatch components`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer

from loaders.components.figures import Component, components, read_options
from loaders.components.links import LinkCheck, check_links
from loaders.console import print_json, print_table
from loaders.database import one_reading
from loaders.errors import ExitCode
from loaders.mapping.column_maps import read_seed
from loaders.reconcile.command import judge
from loaders.settings import Settings, load_settings
from loaders.setup.options import JsonOption

SCHEMA = "dtx.components/1"


def components_command(as_json: JsonOption = False) -> None:
    """Show each component's rows, its rejects by reason, and whether its links are right; writes nothing.

    Exit code 1: a component has loss or drift, or a link leads to nothing or to the wrong row.
    """
    found, links = collect_components(load_settings())
    document = as_document(found, links)
    if as_json:
        print_json(document)
    else:
        show(found, links)
    raise typer.Exit(ExitCode.CLEAN if document["clean"] else ExitCode.LOSS)


def collect_components(settings: Settings) -> tuple[list[Component], list[LinkCheck]]:
    """Judge the dispatch migration's components and follow their links.

    Args:
        settings: as for reconcile.

    Raises:
        ConfigurationError: the models have not been built, or a seed is missing.
        ServiceError: a server is out of reach or a query failed.
    """
    seeds = settings.system.seeds
    reports = judge(settings)
    with one_reading(
        settings,
        "the links",
        built_from="int_dispatch__outcomes_by_option or a table of the raw layer",
        hint="Run `meltano run migrate-dispatch`.",
    ) as connection:
        options, links = read_options(connection), check_links(connection)
    tables = read_seed("ledger/source_tables.csv", seeds)
    return components(tables, reports, read_seed("ledger/first_load.csv", seeds), options), links


def as_document(found: Sequence[Component], links: Sequence[LinkCheck]) -> dict[str, Any]:
    """The machine form: every field of `Component` and `LinkCheck`, the sums, and the verdict."""
    return {
        "schema": SCHEMA,
        "clean": all(each.is_clean and each.adds_up for each in found) and all(link.is_right for link in links),
        "components": [
            {**asdict(each), "selected": each.selected, "rate": each.rate, "adds_up": each.adds_up} for each in found
        ],
        "links": [{**asdict(each), "is_right": each.is_right} for each in links],
    }


def show(found: Sequence[Component], links: Sequence[LinkCheck]) -> None:
    """Print the components, what was rejected, the first load's figures, and the links."""
    print_table(
        "Components: source = left out + published + rejected + unexplained",
        ("component", "source table", "source", "left out", "selected", "published", "rejected", "unexplained",
         "rate", "verdict"),
        [
            (
                each.name,
                each.source_table,
                each.source_rows,
                sum(each.left_out.values()),
                each.selected,
                each.published,
                sum(each.rejected.values()),
                sum(each.unexplained.values()),
                _percent(each.rate),
                "clean" if each.is_clean and each.adds_up else "LOSS OR DRIFT",
            )
            for each in found
        ],
    )  # fmt: skip
    print_table(
        "What was not published",
        ("component", "what became of it", "reason", "rows"),
        [
            (each.name, what, reason, rows)
            for each in found
            for what, reasons in _unpublished(each).items()
            for reason, rows in sorted(reasons.items())
        ],
    )
    print_table(
        "The first load, and this source under its options",
        ("component", "selected", "published", "rate", "option", "selected by it", "published by it", "published now"),
        [
            (
                each.name,
                first.selected,
                first.published,
                _percent(first.rate),
                first.option,
                first.selected_under_option,
                first.published_under_option,
                each.published,
            )
            for each in found
            if (first := each.first_load)
        ],
    )
    print_table(
        "Links of the published rows",
        ("link", "leads to", "rows", "linked", "none named", "unresolved", "orphans", "wrong", "first load"),
        [
            (
                f"{each.link.table}.{each.link.column}",
                f"{each.link.parent}.{each.link.parent_key}",
                each.rows,
                each.linked,
                each.none_named,
                each.unresolved,
                each.orphans,
                each.wrong,
                "checked for orphans" if each.link.first_load_checked else "not checked",
            )
            for each in links
        ],
    )


def _unpublished(component: Component) -> Mapping[str, Mapping[str, int]]:
    return {
        "left out by decision": component.left_out,
        "rejected": component.rejected,
        "unexplained": component.unexplained,
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"
