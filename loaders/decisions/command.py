"""`dtx what-if`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from loaders.console import print_json
from loaders.database import one_reading
from loaders.decisions.document import as_document, verdict
from loaders.decisions.outcomes import (
    outcomes_model,
    read_batches,
    read_outcomes,
    read_standing,
    tables_with_published_rows,
)
from loaders.decisions.register import REGISTER, read_register
from loaders.decisions.tables import show
from loaders.settings import Settings, load_settings


def what_if_command(
    decision: Annotated[
        str | None, typer.Argument(metavar="[DECISION]", help="Such as D11-6; without it, the whole register.")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Count by reason as well as by disposition.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document (schema dtx.what_if/1).")] = False,
) -> None:
    """Show what each option of a decision would do to the rows, decided or not; writes nothing.

    Exit code 1: an option does not rule on every row, or rows stand published against the option in force.
    """
    document = collect_what_if(load_settings(), decision)
    if as_json:
        print_json(document)
    else:
        show(document, register=decision is None, reasons=reasons)
    raise typer.Exit(verdict(document))


def collect_what_if(settings: Settings, decision_id: str | None = None) -> dict[str, Any]:
    """Count the rows by option, in one read-only snapshot.

    Args:
        settings: whose transform role is used.
        decision_id: one decision, or None for all of the register.

    Returns:
        The document `dtx.what_if/1`.

    Raises:
        ConfigurationError: the models have not been built, or there is no such decision.
        ServiceError: the server is out of reach or a query failed.
    """
    system = settings.system
    confirm = f" --confirm-database {settings.target_database}" if settings.environment == "production" else ""
    with one_reading(
        settings,
        "the options",
        built_from=f"{REGISTER}, {outcomes_model(system)} or a model of a decision's table",
        hint="Run dbt build, and dtx setup before the first one.",
    ) as connection:
        decisions = read_register(connection, decision_id)
        outcomes = read_outcomes(connection, system, [decision.decision_id for decision in decisions])
        options = {
            outcome.source_table: decision.options
            for decision in decisions
            for outcome in outcomes
            if outcome.decision_id == decision.decision_id
        }
        published = tables_with_published_rows(connection, sorted(options))
        standing = [each for table in published for each in read_standing(connection, system, table, options[table])]
        batches = read_batches(connection, {each.run_id for each in standing})
    return as_document(decisions, outcomes, standing, batches, confirm, dtx=system.command)
