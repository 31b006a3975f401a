"""`dtx metabase preview`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from loaders.console import print_json, print_table, stderr
from loaders.database import connect
from loaders.errors import ConfigurationError, ExitCode
from loaders.ledger.code_version import code_version
from loaders.metabase.catalogue import Catalogue
from loaders.metabase.definitions import read_formats, read_reports, understood
from loaders.metabase.desired import Formats
from loaders.metabase.formats import SUPPORTED
from loaders.metabase.preview import Sample, as_created, render
from loaders.metabase.preview_rows import read_samples
from loaders.metabase.role import connect_as_reader, readable_columns
from loaders.report.page import write_page
from loaders.settings import Settings, load_settings
from loaders.setup.options import JsonOption

SCHEMA = "dtx.metabase_preview/1"
_SECONDS_PER_QUESTION = 10


def preview_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The page to write.")],
    rows: Annotated[int, typer.Option("--rows", min=1, max=100, help="How many rows of each report to show.")] = 10,
    no_rows: Annotated[bool, typer.Option("--no-rows", help="Show the columns only, and no row of live data.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML page that shows every report with its first rows, before there is a Metabase.

    Rows are read as the role that Metabase reads with; the page then holds live data, and only its owner may read it.
    Exit code 2: a report's rows could not be read; the page says which and why.
    """
    settings = load_settings()
    with understood(), connect(settings, "transform", autocommit=True) as connection:
        catalogue, formats = as_created(read_reports(connection)), read_formats(connection)
    check_formats(formats)
    samples = None if no_rows else _read_rows(settings, catalogue, rows)
    facts = {
        "database": f"{settings.target_host}:{settings.target_port}/{settings.target_database}",
        "environment": settings.environment,
        "generated_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "code_version": code_version(),
    }
    write_page(out, render(catalogue, formats, samples, facts), is_private=not no_rows)
    problems = [(key, sample.problem) for key, sample in (samples or {}).items() if sample.problem]
    coverage = {
        name: sum(question.coverage == name for question in catalogue.questions)
        for name in ("complete", "partial", "none")
    }
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "file": str(out),
                "has_rows": not no_rows,
                "questions": coverage,
                "problems": [{"question_key": key, "problem": problem} for key, problem in problems],
            }
        )
    else:
        print_table(f"Preview {out}", ("coverage", "questions"), list(coverage.items()))
        if problems:
            print_table("Rows that could not be read", ("question", "problem"), problems)
    if not no_rows:
        stderr.print(f"{out} holds rows of live data: treat it as you treat the database", soft_wrap=True)
    raise typer.Exit(ExitCode.COULD_NOT_RUN if problems else ExitCode.CLEAN)


def check_formats(formats: Formats) -> None:
    """Make sure that the preview can show every format as Metabase will.

    Raises:
        ConfigurationError: names the settings that it cannot show.
    """
    unknown = {f"{name}: {key}" for name, settings in formats.items() for key in settings.keys() - SUPPORTED}
    if unknown:
        raise ConfigurationError(
            f"display_formats has settings that the preview cannot show: {', '.join(sorted(unknown))}",
            hint="Take it out of seeds/reporting/display_formats.csv, or teach it to loaders/metabase/formats.py.",
        )


def _read_rows(settings: Settings, catalogue: Catalogue, limit: int) -> dict[str, Sample]:
    readable_columns(settings)
    with understood(), connect_as_reader(settings) as connection:
        # Metabase shows instants in its report time zone.
        connection.execute("select set_config('TimeZone', %s, false)", (settings.reporting_time_zone,))
        return read_samples(connection, catalogue.questions, limit=limit, seconds=_SECONDS_PER_QUESTION)
