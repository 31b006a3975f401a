"""How long a refresh of the reporting views takes, and the reports: `python -m benchmarks.reporting [records ...]`.

For each number of Records (50,000 and 200,000 where none is given) Django's migrations make DTX 2.0's tables on one
private PostgreSQL, and they are filled. Then comes a refresh as `make reporting` runs it, and the four reports: each
asked of its own view and of the wide one, and the rows fetched. Two sizes show how it grows.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from loaders.console import print_table
from loaders.settings import PROJECT_ROOT, Settings
from loaders.setup.commands import run_setup
from sandbox import dtx2
from sandbox.servers import postgres
from sandbox.servers.postgres import APPLICATION, TRANSFORM, Postgres
from sandbox.servers.temporary import server_folder

_SIZES = (50_000, 200_000)
_ROUNDS = 7
_SELECTED = ("tag:reporting", "--exclude-resource-type", "unit_test")
# A hundred Records an Account, ten a group, three document types a group; two certificates, three Documents and two
# custom fields a Record; every tenth Record in a second group.
_WORLD = """
insert into docutrax_hierarchy_directory (id, name, settings, created, updated)
select n, 'Directory ' || n, '{{}}', now(), now() from generate_series(1, 20) as n;
insert into docutrax_hierarchy_account (id, directory_id, name, status, industry, created, updated)
select n, 1 + n % 20, 'Account ' || n, 'active', 'Construction', now(), now()
from generate_series(1, {records} / 100) as n;
insert into docutrax_billing_billingprofile (account_id, payment_method, plan, stripe_customer_id, created, updated)
select n, 'stripe', 'starter', '', now(), now() from generate_series(1, {records} / 100) as n;
insert into docutrax_hierarchy_record
    (id, account_id, name, status, internal_id, internal_id1, contact_name, contact_email, contact_phone, created,
     updated)
select
    n, 1 + (n - 1) / 100, 'Vendor ' || md5(n::text), (array['active', 'active', 'pending', 'inactive'])[1 + n % 4],
    '', '', 'Contact ' || n, n || '@example.com', '+1 212 555 0100', now(), now()
from generate_series(1, {records}) as n;
insert into docutrax_profiles_coiriskprofile (id, account_id, name, is_active, created, updated)
select n, n, 'Profile ' || n, true, now(), now() from generate_series(1, {records} / 100) as n;
insert into docutrax_profiles_requirementsgroup (id, account_id, coi_risk_profile_id, name, created, updated)
select n, 1 + (n - 1) / 10, 1 + (n - 1) / 10, 'Group ' || n, now(), now() from generate_series(1, {records} / 10) as n;
insert into docutrax_profiles_requirementsgroupmember (requirements_group_id, record_id, created)
select 1 + (n - 1) / 10, n, now() from generate_series(1, {records}) as n
union all
select (n / 10 - 1) / 10 * 10 + 1 + n / 10 % 10, n, now()
from generate_series(10, {records}, 10) as n;
insert into docutrax_profiles_docrequirement
    (requirements_group_id, document_type, is_exempted, note, metadata, created, updated)
select n, kind, n % 20 = 0, '', '{{}}', now(), now()
from generate_series(1, {records} / 10) as n
cross join unnest(array['W-9', 'Business License', 'Safety Manual']) as kind;
insert into docutrax_profiles_manualoverride
    (requirements_group_id, coverage_type, coverage_subtype, item_key, reason, status, created, updated)
select n, 'AutoLiability', '', '', '', 'approved', now(), now() from generate_series(1, {records} / 10, 5) as n;
insert into docutrax_profiles_certificate
    (record_id, file, original_filename, status, carrier_name, earliest_expires_on, compliance_status,
     compliance_evaluated_at, non_compliance_reasons, created, updated)
select
    1 + n % {records}, 'certificates/' || n, n || '.pdf', 'approved', 'Chubb', '2024-01-01'::date + n % 2000,
    (array['compliant', 'compliant', 'non_compliant', 'pending'])[1 + n % 4], now(),
    case n % 4 when 2 then '["GL limit too low", "No additional insured"]' else '[]' end::jsonb,
    '2024-01-01'::timestamptz + n * interval '1 minute', now()
from generate_series(1, 2 * {records}) as n;
insert into docutrax_profiles_document
    (account_id, record_id, file, original_filename, status, needs_review, created, updated, metadata)
select
    1 + (n % {records}) / 100, 1 + n % {records}, 'documents/' || n, n || '.pdf',
    (array['approved', 'approved', 'new', 'rejected', 'expired'])[1 + n % 5], false,
    '2024-01-01'::timestamptz + n * interval '1 minute', now(),
    jsonb_build_object('document_type', (array['W-9', 'Business License', 'Safety Manual'])[1 + n / {records}])
from generate_series(0, 3 * {records} - 1) as n;
insert into docutrax_hierarchy_accountmeta (account_id, key, value, created, updated)
select 1 + (n - 1) / 100, format('custom_field_%s:record:%s', field, n), 'value ' || n, now(), now()
from generate_series(1, {records}) as n
cross join generate_series(0, 1) as field;
"""
# What Metabase shows on a screen, what it writes into a file, and what a filter by Account leaves.
_SCOPES = (
    ("2,000 rows", "", " limit 2000"),
    ("every row", "", ""),
    ("one Account", "and account_id = 7", ""),
)
# Report -> of its own view, of the wide one.
_REPORTS = {
    "1 Account Master": (
        "select * from reporting.rpt_account_master where true {account}",
        "select account_id, account_name, count(*), count(*) filter (where is_followed_up and is_compliant), "
        "sum(coi_count), sum(doc_count), sum(open_item_count) filter (where is_followed_up), max(last_response_at) "
        "from reporting.rpt_record_compliance where true {account} group by account_id, account_name",
    ),
    "55 Link Customer Compliance": (
        "select * from reporting.rpt_link_customer_compliance where true {account}",
        "select account_id, account_name, coi_status, count(*), avg(is_compliant::integer), "
        "avg(is_doc_compliant::integer) from reporting.rpt_record_compliance where is_followed_up {account} "
        "group by account_id, account_name, coi_status",
    ),
    "127 DOC-Not in Compliance": (
        "select * from reporting.rpt_doc_not_in_compliance where true {account}",
        "select record_id, account_name, record_name, contact_email, doc_status, doc_open_requirements "
        "from reporting.rpt_record_compliance where is_followed_up and not is_doc_compliant {account}",
    ),
    "135 COI-Not in Compliance": (
        "select * from reporting.rpt_coi_not_in_compliance where true {account}",
        "select record_id, account_name, record_name, contact_email, coi_status, coi_next_expires_on, "
        "coi_non_compliance_reasons from reporting.rpt_record_compliance where is_followed_up and not is_coi_compliant "
        "{account}",
    ),
}


def main() -> None:
    """Start a server, measure each size, print, stop the server."""
    sizes = tuple(map(int, sys.argv[1:])) or _SIZES
    figures: dict[str, list[str]] = {}
    with server_folder() as folder:
        server = postgres.start(
            folder / "postgres", password=secrets.token_hex(12), role_password=secrets.token_hex(12)
        )
        for records in sizes:
            settings = _prepare(server, folder, records)
            for what, figure in _measure(server, settings, folder):
                figures.setdefault(what, []).append(figure)
    print_table(
        f"Reporting views: medians of {_ROUNDS}, rows in brackets",
        ("what", *(f"{records:,} Records" for records in sizes)),
        [(what, *found) for what, found in figures.items()],
    )


def _prepare(server: Postgres, folder: Path, records: int) -> Settings:
    settings = server.settings(f"benchmark_{records}", efs_root=folder)
    name = settings.target_database
    server.create_database(name)
    dtx2.migrate(dtx2.Database(server.host, server.port, name, server.role_password))
    with server.connect(name, role=APPLICATION) as application:
        application.execute(_WORLD.format(records=records))
    with server.connect(name, autocommit=True) as superuser:
        superuser.execute("vacuum analyze")
    _dbt(settings, folder, "parse")
    run_setup(settings, folder / "manifest.json")
    _dbt(settings, folder, "build", "--select", f"+{_SELECTED[0]}", *_SELECTED[1:], "test")
    return settings


def _measure(server: Postgres, settings: Settings, folder: Path) -> list[tuple[str, str]]:
    seconds = _seconds(lambda: _dbt(settings, folder, "build", "--select", *_SELECTED))
    results = json.loads((folder / "run_results.json").read_text())["results"]
    models = [each for each in results if each["unique_id"].startswith("model.")]
    slowest = max(models, key=lambda each: each["execution_time"])
    figures = [
        ("refresh, s", f"{seconds:.1f}"),
        ("  of which models, s", f"{sum(each['execution_time'] for each in models):.1f}"),
        ("  of which tests, s", f"{sum(each['execution_time'] for each in results if each not in models):.1f}"),
        ("  slowest model, s", f"{slowest['execution_time']:.1f} {slowest['unique_id'].rpartition('.')[2]}"),
    ]
    with server.connect(settings.target_database, role=TRANSFORM) as connection:

        def fetched(query: str) -> int:
            return len(connection.execute(query).fetchall())

        for report, queries in _REPORTS.items():
            for view, query in zip(("its view", "wide view"), queries, strict=True):
                for scope, account, end in _SCOPES:
                    asked = query.format(account=account) + end
                    rows = fetched(asked)
                    times = [_seconds(lambda asked=asked: fetched(asked)) for _ in range(_ROUNDS)]  # type: ignore[misc]
                    figures.append((f"{report}: {view}, {scope}, s", f"{statistics.median(times):.3f} ({rows:,})"))
    return figures


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _dbt(settings: Settings, folder: Path, *arguments: str) -> None:
    project = str(PROJECT_ROOT / "dbt_project")
    environment = os.environ | {
        "DTX_TARGET_HOST": settings.target_host,
        "DTX_TARGET_PORT": str(settings.target_port),
        "DTX_TARGET_DATABASE": settings.target_database,
        "DTX_TARGET_USER": settings.target_user,
        "DTX_TARGET_PASSWORD": settings.target_password.get_secret_value(),
        "DTX_PUBLISHER_USER": settings.publisher_user,
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments),
            *("--project-dir", project, "--profiles-dir", project, "--target-path", folder, "--log-path", folder),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"dbt {arguments[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")


if __name__ == "__main__":
    main()
