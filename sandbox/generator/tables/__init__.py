"""The tables of DTX 1.0 that are archived and nothing else: a row is a dictionary from column to value.

Each function takes the world and the number of rows, and yields the rows in order of their key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.generator import report_schedules
from sandbox.generator.tables import billing, files, reports
from sandbox.generator.tables.report_data import report_data
from sandbox.generator.tables.report_log import report_master_log
from sandbox.generator.world import World

TABLES: Mapping[str, Callable[[World, int], Iterator[dict[str, Any]]]] = {
    "repo_file_audit": files.repo_file_audit,
    "repo_throughput": files.repo_throughput,
    "billing_data": billing.billing_data,
    "inactivated_billing_data": billing.inactivated_billing_data,
    "lost_revenue": billing.lost_revenue,
    "prepay_so_list": billing.prepay_so_list,
    "work_log": billing.work_log,
    "report_category": reports.report_category,
    "report": reports.report,
    "report_field_definition": reports.report_field_definition,
    "report_definition": reports.report_definition,
    "report_data": report_data,
    "report_master_schedule": report_schedules.report_master_schedule,
    "report_master_log": report_master_log,
    "report_master_schedule_log": report_schedules.report_master_schedule_log,
}
