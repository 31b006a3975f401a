"""Each component's rows, from what reconcile has proven; and the same under the first load's option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg

from loaders.mapping.column_maps import Row
from loaders.reconcile.report import TableReport


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """What the first load reported of a component, and what this source gives under the option that it worked by."""

    selected: int
    published: int
    option: str
    selected_under_option: int
    published_under_option: int

    @property
    def rate(self) -> float:
        """Share of the selected rows that it published."""
        return self.published / self.selected


@dataclass(frozen=True, slots=True)
class Component:
    """A component: every source row is in exactly one of `left_out`, `published`, `rejected` and `unexplained`.

    Attributes:
        left_out: rows that a decision leaves out, by reason.
        rejected: rows that could not become anything, by reason.
        unexplained: rows whose fate reconcile could not prove, by reason.
        is_clean: reconcile's verdict, which also has the values of the target rows in it.
        first_load: None for what the first load's report did not have.
    """

    name: str
    source_table: str
    source_rows: int
    left_out: Mapping[str, int]
    published: int
    rejected: Mapping[str, int]
    unexplained: Mapping[str, int]
    is_clean: bool
    first_load: FirstLoad | None

    @property
    def selected(self) -> int:
        """Source rows that the decisions do not leave out."""
        return self.published + sum(self.rejected.values()) + sum(self.unexplained.values())

    @property
    def rate(self) -> float | None:
        """Share of the selected rows that was published; None where nothing was selected."""
        return self.published / self.selected if self.selected else None

    @property
    def adds_up(self) -> bool:
        """Whether the parts are the whole."""
        return self.selected + sum(self.left_out.values()) == self.source_rows


def read_options(connection: psycopg.Connection) -> dict[tuple[str, str], dict[str, int]]:
    """Rows by disposition, for each source table and option.

    Args:
        connection: of the transform role; the models have been built.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    for table, option, disposition, rows in connection.execute("""
        select source_table, option, disposition, sum(row_count)::bigint
        from migration_intermediate.int_dispatch__outcomes_by_option
        where source_table <> 'dispatch_notification'
        group by source_table, option, disposition
    """):
        found.setdefault((table, option), {})[disposition] = rows
    return found


def components(
    tables: Iterable[Row],
    reports: Iterable[TableReport],
    first_load: Iterable[Row],
    options: Mapping[tuple[str, str], Mapping[str, int]],
) -> list[Component]:
    """The components in the order of the catalogue.

    Args:
        tables: lines of source_tables.csv.
        reports: what reconcile found of each of them that has a component.
        first_load: lines of first_load.csv.
        options: from `read_options`.
    """
    by_table = {report.table: report for report in reports}
    firsts = {line["component"]: line for line in first_load}
    return [
        _component(each["component"], by_table[each["source_table"]], firsts.get(each["component"]), options)
        for each in tables
        if each["component"]
    ]


def _component(
    name: str, report: TableReport, first: Row | None, options: Mapping[tuple[str, str], Mapping[str, int]]
) -> Component:
    by_disposition: dict[str, dict[str, int]] = {}
    for count in report.counts:
        by_disposition.setdefault(count.disposition, {})[count.reason_code] = count.rows
    first_load = None
    if first is not None:
        outcomes = options.get((report.table, first["option"]), {})
        first_load = FirstLoad(
            selected=int(first["selected_rows"]),
            published=int(first["published_rows"]),
            option=first["option"],
            selected_under_option=sum(rows for disposition, rows in outcomes.items() if disposition != "skip"),
            published_under_option=outcomes.get("publish", 0),
        )
    return Component(
        name=name,
        source_table=report.table,
        source_rows=report.source_rows,
        left_out=by_disposition.get("skip", {}),
        published=sum(by_disposition.get("publish", {}).values()),
        rejected=by_disposition.get("reject", {}),
        unexplained=by_disposition.get("unexplained", {}),
        is_clean=report.clean,
        first_load=first_load,
    )
