"""The whole dispatch migration, stage by stage, beside the bare path: `python -m benchmarks.notifications [--share 1]`.

The sandbox's dispatch system with a share of its 5,102,536 notifications, all eight components with it, on a private
server that is source and target. The bare path copies the notifications out and in as text, and inserts them with one
INSERT … SELECT, casts included, into a twin of the target with its keys and indexes: no ledger, no verdicts, no proof,
no way back. Both run in turn on the same server; read the ratios. Each stage is timed from the start of its process to
its end; its memory is the largest of its processes'.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from loaders.console import print_json, print_table, stderr
from sandbox.dispatch.contents import renew
from sandbox.dispatch.databases import TRANSFORM, Databases
from sandbox.dispatch.generator import notifications
from sandbox.dispatch.generator.plan import NOTIFICATIONS, Plan
from sandbox.servers import postgres as postgres_server
from sandbox.servers.temporary import server_folder

PROJECT = Path(__file__).resolve().parent.parent
DISPATCH = PROJECT / "dispatch_project"
PROGRAMS = Path(sys.executable).parent
_TWIN = """
create schema floor;
create table floor.notification_text ({columns});
create table floor.content_types (id integer primary key, model text);
create table floor.notifications (like notifications including all);
alter table floor.notifications add foreign key (recipient_id) references profiles;
alter table floor.notifications add foreign key (order_id) references orders;
grant usage on schema floor to {transform};
grant insert, select on all tables in schema floor to {transform};
"""
_INSERT = """
insert into floor.notifications
select
    md5('notifications:' || source.id)::uuid, profiles.id, orders.id, source.sender, source.template_name,
    source.template_context::jsonb, source.read::boolean, source.send::boolean, source.sent::boolean,
    content_types.model, source.item_id::integer, source.created_at::timestamptz, 'dispatch_notification',
    source.id::integer
from floor.notification_text as source
inner join profiles on profiles.legacy_user_id = source.recipient_id::integer
left join floor.content_types on content_types.id = source.item_type_id::integer
left join orders on content_types.model = 'instruction' and orders.legacy_instruction_id = source.item_id::integer
where source.id::integer > %s
"""


@dataclass(frozen=True)
class Stage:
    """What one stage took: seconds, and the megabytes of its largest process."""

    name: str
    seconds: float
    megabytes: int


@dataclass(frozen=True)
class Rig:
    """The databases, a private folder, and the environment that the programs run in."""

    databases: Databases
    folder: Path
    environment: dict[str, str]

    def run(self, name: str, *command: str | Path) -> Stage:
        """Run one stage; its output goes to a log in the folder."""
        program, *arguments = command
        log = self.folder / f"{name}.log"
        started = time.monotonic()
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [PROGRAMS / program, *arguments], cwd=self.folder, env=self.environment, stdout=output, stderr=output
            ) as process,
        ):
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        stage = Stage(name, time.monotonic() - started, used.ru_maxrss // 1024)
        if process.returncode:
            raise SystemExit(f"{name} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        return _report(stage)


def _report(stage: Stage) -> Stage:
    stderr.print(f"{stage.name}: {stage.seconds:.1f} s, {stage.megabytes} MB")
    return stage


def copy_out_and_in(rig: Rig) -> Stage:
    """The bare path's first half: the notifications piped from psql to psql, as text into columns of text."""
    psql = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    started = time.monotonic()
    with subprocess.Popen(
        [*psql, "--username=dispatch_reader", f"--dbname={rig.databases.source_name}",
         "--command=copy dispatch_notification to stdout"],
        stdout=subprocess.PIPE, env=rig.environment,
    ) as source:  # fmt: skip
        subprocess.run(
            [*psql, f"--username={TRANSFORM}", f"--dbname={rig.databases.target_name}",
             "--command=copy floor.notification_text from stdin"],
            stdin=source.stdout, env=rig.environment, check=True,
        )  # fmt: skip
        if source.wait():
            raise SystemExit("copying out failed")
    return _report(Stage("COPY out | COPY in", time.monotonic() - started, 0))


def insert_at_once(rig: Rig) -> Stage:
    """The bare path's second half: one INSERT … SELECT; its rows are deleted by nobody, they lie in a twin."""
    with rig.databases.target(role=TRANSFORM) as target:
        started = time.monotonic()
        target.execute(_INSERT, [notifications.PLANTED])
        target.commit()
        return _report(Stage("INSERT … SELECT", time.monotonic() - started, 0))


def migrate(rig: Rig) -> list[Stage]:
    """Ours, stage by stage."""
    target_path = rig.folder / "target"
    project: list[str | Path] = ["--project-dir", DISPATCH, "--profiles-dir", DISPATCH, "--target-path", target_path]
    return [
        rig.run("replicate", "meltano", "run", "replicate-dispatch"),
        rig.run("build", "dbt", "build", "--exclude-resource-type", "unit_test", *project),
        rig.run("publish", "dtx", "--system", "dispatch", "publish", "--manifest", target_path / "manifest.json"),
        rig.run("reconcile", "dtx", "--system", "dispatch", "reconcile"),
    ]


def _in_process(work: Callable[..., object], *arguments: object) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")


def _make_twin(databases: Databases) -> None:
    """Tables for the bare path: the text, the source's content types, and the target's twin."""
    with databases.source() as source:
        types = source.execute("select id, model from django_content_type").fetchall()
        names = source.execute("select * from dispatch_notification limit 0").description or ()
    with databases.target() as target:
        columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column.name)) for column in names)
        target.execute(sql.SQL(_TWIN).format(columns=columns, transform=sql.Identifier(TRANSFORM)))
        with target.cursor() as cursor:
            cursor.executemany("insert into floor.content_types values (%s, %s)", types)


@contextmanager
def rig(share: float) -> Iterator[Rig]:
    """Start the server, fill it, and prepare both paths."""
    with server_folder() as servers, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = postgres_server.start(
            servers / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
        )
        databases = Databases(server)
        # In a process of its own: a stage's memory is counted from what its parent had.
        _in_process(renew, databases, Plan(notifications=share), folder / "answer_key")
        with databases.source(autocommit=True) as source:
            source.execute("vacuum analyze")
        _make_twin(databases)
        (folder / "meltano.yml").write_text((PROJECT / "meltano.yml").read_text(encoding="utf-8"), encoding="utf-8")
        environment = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": name,
            **databases.environment(),
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGPASSWORD": server.role_password,
            "DBT_LOG_PATH": name,
        }
        made = Rig(databases, folder, environment)
        made.run("setup", "dtx", "--system", "dispatch", "setup")
        yield made


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the 5,102,536 notifications")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with rig(arguments.share) as servers:
        bare = [copy_out_and_in(servers), insert_at_once(servers)]
        ours = migrate(servers)
        with servers.databases.target() as target:
            row = target.execute("select count(*) from notifications").fetchone()
            published = row[0] if row else 0
    bare_seconds, our_seconds = (sum(stage.seconds for stage in path) for path in (bare, ours))
    (publish,) = (stage for stage in ours if stage.name == "publish")
    figures = {
        "notifications": int(NOTIFICATIONS * arguments.share),
        "published": published,
        "bare_seconds": round(bare_seconds, 1),
        "our_seconds": round(our_seconds, 1),
        "times_the_bare_path": round(our_seconds / bare_seconds, 2),
        "publish_times_the_insert": round(publish.seconds / bare[1].seconds, 2),
        "load_average": os.getloadavg(),
    }
    stages = [
        {"stage": stage.name, "seconds": round(stage.seconds, 1), "megabytes": stage.megabytes}
        for stage in (*bare, *ours)
    ]
    if arguments.json:
        print_json({"schema": "dtx.benchmark.notifications/1", **figures, "stages": stages})
        return
    print_table("Stages", ["stage", "seconds", "MB"], [list(stage.values()) for stage in stages])
    print_table("The whole", ["what", "figure"], [[name.replace("_", " "), value] for name, value in figures.items()])


if __name__ == "__main__":
    main()
