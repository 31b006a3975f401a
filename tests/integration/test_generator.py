"""The generator against real servers: what it plants is there, every time, byte for byte."""

from __future__ import annotations

import csv
import hashlib
import json
import multiprocessing
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from generator_support import Sandbox, empty_target, generated

from loaders.reconcile.source_tables import read_source_tables
from loaders.settings import PROJECT_ROOT
from loaders.systems import DTX1
from sandbox import dtx2
from sandbox.dtx1 import schema
from sandbox.generator import GeneratorError, Plan, generate
from sandbox.generator.plan import FIXED_ROWS
from sandbox.servers.mariadb import MariaDB
from sandbox.servers.postgres import OWNER, Postgres

WITHOUT_OPTIONS = ("repo_file", "exemption", "reviewer_address")
WITH_OPTIONS = ("form_field", "keyword", "imap_upload", "vornado_feed")
# Codes that the register may have once, for whatever table.
OF_EVERY_TABLE = {("archive", "archived"), ("reject", "parent_not_published")}
# Reasons that no data can bring about: they need a fault while files are moved.
NEED_A_FAULT = {"file_changed", "file_failed", "file_conflict", "file_not_transferred"}


@pytest.fixture(scope="module")
def template(postgres: Postgres) -> Iterator[str]:
    with empty_target(postgres, "generator_empty") as name:
        yield name


@pytest.fixture(scope="module")
def sandboxes(
    mariadb: MariaDB, postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two worlds of one plan."""
    names = ("generator_one", "generator_two")
    yield tuple(  # type: ignore[misc]
        generated(name, template, Plan(), mariadb, postgres, tmp_path_factory.mktemp(name)) for name in names
    )
    for name in names:
        mariadb.drop_database(name)
        postgres.drop_database(name)


@pytest.fixture(scope="module")
def sandbox(sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
    return sandboxes[0]


def test_every_table_has_its_rows(sandbox: Sandbox) -> None:
    tables = {column.source_table for column in schema.read_catalogue()}
    assert len(tables) == 22
    held = {table: sandbox.mysql(f"select count(*) from `{table}`")[0][0] for table in tables}
    more = {"repo_file": 135, **dict.fromkeys(("exemption", "form_field", "vornado_feed"), 125)}
    more |= {"report_master_schedule_log": 150}
    assert held == dict.fromkeys(tables, 100) | more | FIXED_ROWS
    assert sandbox.counts == held


def test_every_table_of_dtx2_has_rows(sandbox: Sandbox) -> None:
    tables = [
        table
        for (table,) in sandbox.target("select tablename from pg_tables where schemaname = 'public'")
        if table.startswith(("docutrax_", "permissions_")) or table == "auth_user"
    ]
    assert len(tables) == 22
    empty = [table for table in tables if not sandbox.target(f"select exists (select from {table})")[0][0]]
    assert empty == []


def test_m7_django_accepts_every_row_of_dtx2(sandbox: Sandbox) -> None:
    server = sandbox.postgres
    database = dtx2.Database(server.host, server.port, sandbox.name, server.role_password)
    models = {
        "auth": ["User"],
        "docutrax_hierarchy": ["Directory", "Account", "AccountEmail", "AccountMeta", "Record"],
        "docutrax_profiles": [
            *("COIRiskProfile", "RequirementsGroup", "RequirementsGroupMember", "DocRequirement", "Certificate"),
            *("Document", "ManualOverride", "WaiverRequest", "AuditHistory"),
        ],
        "docutrax_billing": ["BillingProfile", "Invoice", "Payment", "BillingEvent"],
        "docutrax_utils": ["UserActivityLog"],
        "permissions": ["Permission", "UserPermission"],
    }
    assert dtx2.judge(database, *(f"{app}.{model}" for app, names in models.items() for model in names)) == []


def test_every_table_has_its_answers(sandbox: Sandbox) -> None:
    """Each source row once an option, by its key where the table has one; keyless rows by their number."""
    tables = read_source_tables(DTX1)
    assert len(tables) == 22
    assert {path.stem for path in sandbox.answer_key.glob("*.csv")} == set(tables)
    for table, described in tables.items():
        lines: dict[str, list[str]] = defaultdict(list)
        for answer in sandbox.answers(table):
            lines[answer["option"]].append(answer["source_key"])
        assert len(lines) == (1 if table not in WITH_OPTIONS else 3 if table in ("form_field", "keyword") else 2), table
        if described.key_columns:
            (key,) = described.key_columns
            expected = [str(value) for (value,) in sandbox.mysql(f"select {key} from {table} order by {key}")]
        elif table == "keyword":
            expected = keyword_keys(sandbox)
        else:
            expected = [""] * sandbox.counts[table]
        assert all(sorted(keys) == sorted(expected) for keys in lines.values()), table


def keyword_keys(sandbox: Sandbox) -> list[str]:
    """Source keys as docs/architecture.md has them, computed by PostgreSQL from the text that the raw layer holds."""
    with sandbox.postgres.connect(sandbox.name) as connection:
        connection.execute(
            "create temporary table raw (customer_id text, keyword text, replacement text,"
            " _loaded_at timestamptz default now(), _unstorable jsonb)"
        )
        for customer, *texts in sandbox.mysql("select customer_id, keyword, replacement from keyword"):
            unstorable = {
                name: text.encode().hex()
                for name, text in zip(("keyword", "replacement"), texts, strict=True)
                if text and "\0" in text
            }
            held = [None if text and "\0" in text else text for text in texts]
            connection.execute(
                "insert into raw (customer_id, keyword, replacement, _unstorable) values (%s, %s, %s, %s)",
                (str(customer), *held, json.dumps(unstorable) if unstorable else None),
            )
        rows = connection.execute("""
            select hash || '#' || row_number() over (partition by hash)
            from (
                select md5((
                    case when _unstorable is null then to_jsonb(raw) - '_loaded_at' - '_unstorable'
                    else to_jsonb(raw) - '_loaded_at' end
                )::text) as hash
                from raw
            ) as hashed
        """).fetchall()
        assert connection.execute("select count(*) from raw where _unstorable is not null").fetchone() == (4,)
    return [key for (key,) in rows]


@pytest.mark.parametrize("table", WITHOUT_OPTIONS + WITH_OPTIONS)
def test_every_reason_code_is_planted(sandbox: Sandbox, table: str) -> None:
    with (PROJECT_ROOT / "seeds" / "ledger" / "reason_codes.csv").open(encoding="utf-8", newline="") as file:
        known = {
            (code["disposition"], code["reason_code"]) for code in csv.DictReader(file) if code["source_table"] == table
        }
    assert len(known) > 10
    impossible = NEED_A_FAULT | ({"file_unreadable"} if os.geteuid() == 0 else set())
    planted = {(answer["disposition"], answer["reason_code"]) for answer in sandbox.answers(table)}
    assert planted - OF_EVERY_TABLE == {code for code in known if code[1] not in impossible} - OF_EVERY_TABLE


def test_json_is_what_postgresql_prints(sandbox: Sandbox) -> None:
    """Every jsonb that is expected, and every JSON object that is expected as text, is PostgreSQL's own spelling."""
    printed = [
        text
        for table in ("keyword", "imap_upload", "vornado_feed", "exemption")
        for answer in sandbox.answers(table)
        for row in json.loads(answer["expected"] or "[]")
        for column, text in row["columns"].items()
        if column in ("settings", "metadata") or (table == "vornado_feed" and column == "value")
    ]
    assert len(printed) > 150
    with sandbox.postgres.connect(sandbox.name) as connection:
        assert (
            connection.execute(
                "select text, text::jsonb::text from unnest(%s::text[]) as text where text <> text::jsonb::text",
                (printed,),
            ).fetchall()
            == []
        )


def dump(sandbox: Sandbox) -> dict[str, str]:
    """Hash of each table, file and answer, by name."""
    hashes = {}
    for table in sandbox.counts:
        rows = sandbox.mysql(f"select * from `{table}`")
        hashes[f"mysql {table}"] = hashlib.sha256(repr(rows).encode()).hexdigest()
    with sandbox.postgres.connect(sandbox.name) as connection:
        for schema_name, table in connection.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('public', 'migration')"
            " and tablename not in ('django_migrations', 'alembic_version', 'writer_lease')"
        ).fetchall():
            copied = hashlib.sha256()
            with connection.cursor().copy(f"copy {schema_name}.{table} to stdout") as copy:
                for data in copy:
                    copied.update(data)
            hashes[f"postgres {table}"] = copied.hexdigest()
        for sequence, value in connection.execute("select sequencename, last_value from pg_sequences").fetchall():
            hashes[f"sequence {sequence}"] = str(value)
    for root in (sandbox.efs_root, sandbox.answer_key):
        for path in sorted(root.rglob("*")):
            kind = "link" if path.is_symlink() else "file" if path.is_file() else "other"
            content = path.read_bytes() if kind == "file" and os.access(path, os.R_OK) else b""
            modified = path.stat().st_mtime if kind == "file" and root == sandbox.efs_root else None
            hashes[f"{kind} {path.relative_to(root)}"] = f"{modified} {hashlib.sha256(content).hexdigest()}"
    return hashes


def test_the_same_plan_gives_the_same_bytes(sandboxes: tuple[Sandbox, Sandbox]) -> None:
    first, second = map(dump, sandboxes)
    assert len(first) > 100
    assert first == second


def test_m4_maps_name_rows_that_exist(sandbox: Sandbox) -> None:
    maps = sandbox.target("select entity, target_table, state, count(*) from migration.id_map group by 1, 2, 3")
    states = {entity: set() for entity, *_ in maps}
    for entity, table, state, _count in maps:
        states[entity].add(state)
        orphans = sandbox.target(
            f"select count(*) from migration.id_map left join {table} as target on target.id::text = target_id"
            f" where entity = '{entity}' and target_table = '{table}' and state = 'migrated' and target.id is null"
        )
        assert orphans == [(0,)], entity
    usual = {"migrated", "rejected", "skipped"}
    parents = ("user", "account", "record", "certificate", "document", "requirements")
    assert states == {**dict.fromkeys(parents, usual), "repo_file": {"migrated", "rejected"}}


def test_expected_rows_name_parents_that_exist(sandbox: Sandbox) -> None:
    parents = {
        "account_id": "docutrax_hierarchy_account",
        "record_id": "docutrax_hierarchy_record",
        "uploaded_by_id": "docutrax_hierarchy_record",
        "created_by_id": "auth_user",
        "approved_by_id": "auth_user",
        "requirements_group_id": "docutrax_profiles_requirementsgroup",
        "coi_risk_profile_id": "docutrax_profiles_coiriskprofile",
    }
    ids = {name: {str(key) for (key,) in sandbox.target(f"select id from {table}")} for name, table in parents.items()}
    seen = Counter[str]()
    for table in WITHOUT_OPTIONS + WITH_OPTIONS:
        for answer in sandbox.answers(table):
            for row in json.loads(answer["expected"] or "[]"):
                for column, value in row["columns"].items():
                    if column in parents and value is not None:
                        assert value in ids[column], (table, answer["source_key"], column)
                        seen[column] += 1
    assert set(seen) == set(parents)


def test_ids_come_from_the_sequences(sandbox: Sandbox) -> None:
    tables = [table for (table,) in sandbox.target("select tablename from pg_tables where tablename like 'docutrax_%'")]
    for table in tables:
        last, largest = sandbox.target(
            f"select (select last_value from {table}_id_seq), (select max(id) from {table})"
        )[0]
        assert last == largest, table


def test_e1_bytes_arrive_as_planted(sandbox: Sandbox) -> None:
    """latin1, utf8mb4 and payload columns hold exactly the bytes of their own character set."""
    names = {
        bytes.fromhex(name.decode() if isinstance(name, bytes) else name)
        for (name,) in sandbox.mysql("select hex(name) from repo_file where name is not null")
    }
    assert "Certificat d'assurance 保険証券 📄.pdf".encode() in names
    assert "JosÃ©.pdf".encode() in names
    assert b"NUL\0.pdf" in names
    assert b'tab\tnewline\nquote"backslash\\N;semicolon.pdf' in names
    payloads = {
        bytes.fromhex(value)
        for (value,) in sandbox.mysql("select hex(email_string) from reviewer_address where email_string is not null")
    }
    assert b'a:1:{i:0;s:23:"jos\xe9@plants.example.com";}' in payloads
    assert b'a:1:{i:0;s:24:"jos\xc3\xa9@plants.example.com";}' in payloads
    assert b'a:1:{i:0;s:23:"nul\0@plants.example.com";}' in payloads
    assert {"Café" in value for (value,) in sandbox.mysql("select `Property Name` from vornado_feed")} == {True, False}


def test_e2_zero_dates_are_stored(sandbox: Sandbox) -> None:
    stored = {value for (value,) in sandbox.mysql("select cast(intake_date as char) from repo_file")}
    assert {None, "0000-00-00 00:00:00", "2023-00-15 10:00:00", "2023-02-00 10:00:00"} <= stored
    expiries = {value for (value,) in sandbox.mysql("select cast(ExemptExpDate as char) from exemption")}
    assert {None, "0000-00-00", "2036-00-15", "0009-06-15", "9999-12-31"} <= expiries


def test_f1_files_lie_where_the_answers_say(sandbox: Sandbox) -> None:
    paths = dict(sandbox.mysql("select repo_file_id, repo_filepath from repo_file"))
    outcomes = {int(answer["source_key"]): answer["reason_code"] for answer in sandbox.answers("repo_file")}
    published = [
        sandbox.efs_root / paths[key].removeprefix("/efsdata/filerepo/")
        for key, reason in outcomes.items()
        if reason == "mapped"
    ]
    assert len(published) > 60
    assert all(path.is_file() and not path.is_symlink() and path.stat().st_size for path in published)
    contents = Counter(hashlib.sha256(path.read_bytes()).digest() for path in published)
    assert sorted(contents.values(), reverse=True)[:3] == [2, 2, 1]
    missing = [sandbox.efs_root / paths[key] for key, reason in outcomes.items() if reason == "file_missing"]
    assert missing
    assert not any(path.exists() for path in missing)


def test_nothing_is_added_to_what_is_there(sandbox: Sandbox, template: str, tmp_path: Path) -> None:
    """Filled tables and folders are refused before anything is written."""
    before = dump(sandbox)
    with sandbox.mariadb.connect(sandbox.name) as source, sandbox.mariadb.connect("mysql") as other:
        fresh = "generator_fresh"
        sandbox.mariadb.create_database(fresh)
        other.select_db(fresh)
        schema.apply(other)
        with (
            sandbox.postgres.connect(sandbox.name, role=OWNER) as filled,
            sandbox.postgres.connect(template, role=OWNER) as empty,
        ):
            with pytest.raises(GeneratorError, match="repo_file is not empty"):
                generate(Plan(), source, empty, tmp_path / "efs", tmp_path / "answer_key")
            with pytest.raises(GeneratorError, match="auth_user is not empty"):
                generate(Plan(), other, filled, tmp_path / "efs", tmp_path / "answer_key")
            with pytest.raises(GeneratorError, match="EFS folder is not empty"):
                generate(Plan(), other, empty, sandbox.efs_root, tmp_path / "answer_key")
            assert empty.execute("select count(*) from auth_user").fetchone() == (0,)
        sandbox.mariadb.drop_database(fresh)
    assert list(tmp_path.iterdir()) == []
    assert dump(sandbox) == before


# Held in memory, 160,000 rows of these tables would take more than this by themselves.
LARGE = {
    "repo_file": 20_000,
    "exemption": 40_000,
    **dict.fromkeys(("form_field", "keyword", "imap_upload", "vornado_feed"), 25_000),
}
RSS_CAP_MEGABYTES = 200


def peak_memory_of_a_large_run(template: str, mariadb: MariaDB, postgres: Postgres, folder: Path) -> int:
    """Megabytes; to be run in a process of its own."""
    large = Plan(rows=LARGE, file_bytes=(100, 200))
    generated("generator_large", template, large, mariadb, postgres, folder)
    # Not getrusage: its maximum starts with what the parent held when it made this process.
    (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), flags=re.MULTILINE)
    return int(peak) // 1024


def test_memory_does_not_grow_with_rows(mariadb: MariaDB, postgres: Postgres, template: str, tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        peak = processes.submit(peak_memory_of_a_large_run, template, mariadb, postgres, tmp_path).result()
    assert peak < RSS_CAP_MEGABYTES
    large = Sandbox("generator_large", mariadb, postgres, tmp_path / "efs", tmp_path / "answer_key", {})
    for table, count in LARGE.items():
        assert large.mysql(f"select count(*) from {table}") == [(count,)]
        assert len({answer["source_key"] for answer in large.answers(table)}) == count
    mariadb.drop_database("generator_large")
    postgres.drop_database("generator_large")
