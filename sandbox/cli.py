"""`python -m sandbox`: start, generate, compare, status, stop."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from loaders.console import print_json, print_table, stderr
from loaders.database import connect
from loaders.errors import ConfigurationError, ExitCode
from loaders.settings import PROJECT_ROOT
from sandbox import untouched
from sandbox.answer_key import Comparison
from sandbox.answer_key import compare as compare_with_answer_key
from sandbox.contents import renew
from sandbox.dispatch import contents as dispatch
from sandbox.dispatch.compare import compare as compare_dispatch
from sandbox.dispatch.databases import TRANSFORM
from sandbox.dispatch.generator import Plan as DispatchPlan
from sandbox.dispatch.growth import grow as grow_dispatch
from sandbox.generator import GeneratorError, Plan
from sandbox.servers import env_file, process, stack, state
from sandbox.untouched import Untouched

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Private MariaDB, PostgreSQL, S3 and Metabase servers for trying the migration out.",
)
HOME = PROJECT_ROOT / ".sandbox"
ENV_FILE = PROJECT_ROOT / ".env"
ANSWER_KEY = HOME / "answer_key"

AsJson = Annotated[bool, typer.Option("--json", help="The same as one JSON document.")]


@app.command()
def start(*, as_json: AsJson = False) -> None:
    """Start the servers and leave them running; write .env.

    Servers that exist already are used instead when SANDBOX_MARIADB_URL, SANDBOX_POSTGRES_URL or SANDBOX_S3_URL name
    them: scheme://user:password@host:port, with an account that may create databases and accounts.
    """
    with state.exclusive(HOME):
        env_file.check(ENV_FILE)
        env_file.write(ENV_FILE, stack.start(HOME, os.environ))
        _show(as_json)
    stderr.print(f"The settings for these servers are in {ENV_FILE}; `make sandbox-stop` ends them.", soft_wrap=True)


@app.command()
def generate(
    *,
    scale: Annotated[float, typer.Option(help="1 gives about 100 rows a table.")] = 1,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="TABLE=COUNT", help="Rows of one table; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed gives other names, dates and bytes.")] = 1,
    notifications: Annotated[
        float,
        typer.Option(help="Share of the dispatch system's 5,102,536 notifications; its other tables have no scale."),
    ] = 0.002,
    as_json: AsJson = False,
) -> None:
    """Empty DTX 1.0, DTX 2.0, the bucket, the files and Metabase; fill them anew, defects and answer key included.

    The dispatch system and the orders platform likewise.
    """
    plan = Plan(scale=scale, rows=dict(map(_row_count, rows or ())), seed=seed)
    try:
        dispatch_plan = DispatchPlan(notifications=notifications, seed=seed)
    except GeneratorError as error:
        raise ConfigurationError(str(error), hint=error.hint) from None
    with state.exclusive(HOME):
        servers = stack.start(HOME, os.environ)
        # Either keeps a core busy, and neither touches what the other fills.
        with ProcessPoolExecutor(max_workers=1) as beside:
            dispatched = beside.submit(dispatch.renew, servers.dispatch, dispatch_plan, ANSWER_KEY / "dispatch")
            counts = renew(servers, plan, ANSWER_KEY)
            stack.renew_metabase(HOME)
        dispatch_counts = dispatched.result()
    if as_json:
        print_json({"schema": "dtx.sandbox_generate/1", "rows": counts, "dispatch_rows": dispatch_counts})
        return
    print_table("DTX 1.0, generated", ["table", "rows"], list(counts.items()))
    print_table("The dispatch system, generated", ["table", "rows"], list(dispatch_counts.items()))


def _row_count(text: str) -> tuple[str, int]:
    table, _, count = text.partition("=")
    if not count.isdecimal():
        raise ConfigurationError(f"--rows {text!r} is not TABLE=COUNT", hint="For example --rows repo_file=100000.")
    return table, int(count)


@app.command()
def grow(*, as_json: AsJson = False) -> None:
    """Change the dispatch system as two months of work do, and write its answer key anew; see docs/dispatch.md."""
    with state.exclusive(HOME):
        counts = grow_dispatch(stack.start(HOME, os.environ).dispatch, ANSWER_KEY / "dispatch")
    rows = [[table, change, number] for (table, change), number in sorted(counts.items())]
    if as_json:
        print_json(
            {
                "schema": "dtx.sandbox_grow/1",
                "rows": [dict(zip(("source_table", "change", "rows"), row, strict=True)) for row in rows],
            }
        )
        return
    print_table("The dispatch system, two months later", ["table", "change", "rows"], rows)


@app.command()
def compare(
    outcomes: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    system: Annotated[Literal["dtx1", "dispatch"], typer.Option(help="Which system was migrated.")] = "dtx1",
    as_json: AsJson = False,
) -> None:
    """Hold what `dtx reconcile --rows` wrote against the answer key, row by row; exit code 1 if they differ."""
    with state.exclusive(HOME):
        servers = stack.start(HOME, os.environ)
    if system == "dispatch":
        _compare_dispatch(servers, outcomes, as_json)
        return
    settings = servers.settings()
    with connect(settings, "transform") as target:
        comparisons = compare_with_answer_key(target, ANSWER_KEY, outcomes)
        before = untouched.judge(target, ANSWER_KEY / "before")
        target.rollback()
    if as_json:
        tables = [asdict(each) for each in comparisons]
        print_json({"schema": "dtx.sandbox_compare/1", "tables": tables, "untouched": asdict(before)})
    else:
        _show_comparisons(comparisons, before)
    if not comparisons or before.differences or any(each.differences or not each.rows for each in comparisons):
        raise typer.Exit(ExitCode.LOSS)


def _compare_dispatch(servers: stack.Stack, outcomes: Path, as_json: bool) -> None:
    with servers.dispatch.target(role=TRANSFORM) as target:
        comparisons = compare_dispatch(target, ANSWER_KEY / "dispatch", outcomes)
    if as_json:
        print_json({"schema": "dtx.sandbox_compare/1", "tables": [asdict(each) for each in comparisons]})
    else:
        _show_tables(comparisons)
        _show_first(comparisons)
    if not comparisons or any(each.differences or not each.rows for each in comparisons):
        raise typer.Exit(ExitCode.LOSS)


def _show_comparisons(comparisons: list[Comparison], before: Untouched) -> None:
    _show_tables(comparisons)
    print_table(
        "DTX 2.0's rows from before, but for what the answer key changes",
        ["rows", "differences"],
        [[before.rows, before.differences]],
    )
    if before.first:
        print_table("First of these differences", ["table", "id", "what"], [list(each) for each in before.first])
    _show_first(comparisons)


def _show_tables(comparisons: list[Comparison]) -> None:
    print_table(
        "Held against the answer key, row by row",
        ["table", "option", "source rows", "target rows", "differences"],
        [[each.table, each.option, each.rows, each.target_rows, each.differences] for each in comparisons],
    )


def _show_first(comparisons: list[Comparison]) -> None:
    if first := [difference for each in comparisons for difference in each.first]:
        print_table(
            "First differences",
            ["table", "source key", "expected", "actual"],
            [[each.table, each.source_key, each.expected, each.actual] for each in first],
        )


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show each server; exit code 2 when one of them does not run."""
    if not _show(as_json):
        raise typer.Exit(ExitCode.COULD_NOT_RUN)


@app.command()
def stop(
    *,
    remove_data: Annotated[bool, typer.Option("--remove-data", help="Delete the sandbox's data too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the servers and remove the .env that start wrote; the data stay."""
    with state.exclusive(HOME):
        env_file.remove(ENV_FILE)
        stack.stop(HOME)
        _show(as_json)
        if remove_data:
            stack.remove_data(HOME)
            stderr.print("the sandbox's data are deleted")


def _show(as_json: bool) -> bool:
    """Print each server's state; tell whether all of them run or are somebody else's."""
    remembered = state.load(HOME)
    servers = []
    for name, program in stack.PROGRAMS.items():
        record = remembered.servers.get(name)
        running = process.main_process(Path(remembered.data_folder) / name, program)
        ours = record is None or record.private
        condition = ("running" if running else "stopped") if ours else "named by URL"
        servers.append(
            {
                "server": name,
                "state": condition,
                "host": record.host if record else "",
                "port": record.port if record else None,
                "pid": running.pid if running else None,
            }
        )
    if as_json:
        print_json({"schema": "dtx.sandbox_status/1", "data_folder": remembered.data_folder, "servers": servers})
    else:
        rows = [
            [s["server"], s["state"], f"{s['host']}:{s['port']}" if s["host"] else "", str(s["pid"] or "")]
            for s in servers
        ]
        print_table("Sandbox", ["server", "state", "address", "pid"], rows)
    return all(server["state"] != "stopped" for server in servers)
