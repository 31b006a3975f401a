"""Area 12's reports: the system's, as every installation has them, and what customers made for themselves.

The same at every scale: reports are what people wrote, and do not grow with their data.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.world import World

CATEGORIES = {
    1: "COI",
    2: "DOC",
    3: "Management",
    4: "Accounts",
    5: "Custom",
    6: "Custom Management",
    7: "Scheduled",
    8: "Special Request - SO Dashboard",
    9: "Auto Scheduled",
}
# No report has this id, no category the other; rows name them all the same.
UNKNOWN_REPORT, UNKNOWN_CATEGORY = 999_999, 12
# The four that the usage log is full of.
MOST_USED = (1, 55, 127, 135)
_LAST_ACCOUNT = -1


@dataclass(frozen=True, slots=True)
class Report:
    """One row of `report`.

    Args:
        report_id: its id.
        category: report_category_id.
        internal_name: of a report of the system; None for a customer's.
        title: its name, as users see it.
        account: index of the Account that it belongs to, -1 for the last one; None where there is no such Account.
        stranger: its customer_id where there is no such Account; 0 for a report of the system.
        enabled: whether users can run it.
    """

    report_id: int
    category: int
    internal_name: str | None
    title: str
    account: int | None = None
    stranger: int = 0
    enabled: bool = True

    def customer_id(self, world: World) -> int:
        """Its customer_id: 0, the legacy key of an Account's customer, or one that no Account came from."""
        if self.account is None:
            return self.stranger
        return world.accounts.legacy(self.account % world.accounts.count)


def _system(category: int, *reports: tuple[int, str, str]) -> tuple[Report, ...]:
    return tuple(Report(report_id, category, internal, title) for report_id, internal, title in reports)


_ACCOUNTS = _system(
    4,
    (1, "ACCT-Master", "Account Master"),
    (2, "ACCT-Active", "Active Accounts"),
    (3, "ACCT-Inactive", "Inactive Accounts"),
    (4, "ACCT-New This Month", "New Accounts This Month"),
    (5, "ACCT-Contacts", "Account Contacts"),
    (7, "ACCT-Industry", "Accounts by Industry"),
    (8, "ACCT-Managers", "Accounts by Account Manager"),
    (9, "ACCT-Billing", "Account Billing Summary"),
    (12, "ACCT-Ping", "Account Last Contact"),
    (13, "ACCT-Policyholders", "Policyholders by Account"),
    (14, "ACCT-Custom Fields", "Policyholder Custom Fields"),
    (16, "ACCT-No Activity", "Accounts without Activity (90 Days)"),
    (17, "ACCT-Hierarchy", "Service Organization / Client Hierarchy"),
    (19, "ACCT-Address List", "Policyholder Address List"),
    (20, "ACCT-Directory", "Policyholder Directory"),
)
_COI = _system(
    1,
    (41, "COI-Status", "COI Status"),
    (42, "COI-Expired", "COI-Expired"),
    (43, "COI-Expiring 30", "COI-Expiring within 30 Days"),
    (44, "COI-Expiring 60", "COI-Expiring within 60 Days"),
    (45, "COI-Expiring 90", "COI-Expiring within 90 Days"),
    (46, "COI-Received", "COI-Received"),
    (47, "COI-Received This Week", "COI-Received This Week"),
    (48, "COI-Pending Review", "COI-Pending Review"),
    (49, "COI-Reviewed", "COI-Reviewed"),
    (51, "COI-Never Received", "COI-Never Received"),
    (52, "COI-Carrier", "COI-Carriers"),
    (53, "COI-Carrier Rating", "COI-Carriers by A.M. Best Rating"),
    (54, "COI-Broker", "COI-Policyholders by Broker"),
    (55, "COI-Link Customer Compliance", "Link Customer Compliance"),
    (56, "COI-Compliance Summary", "COI-Compliance Summary"),
    (57, "COI-Compliance Trend", "COI-Compliance Trend (Last 12 Months)"),
    (58, "COI-Risk Profile", "COI-Policyholders by Risk Profile"),
    (59, "COI-No Risk Profile", "COI-No Risk Profile Assigned"),
    (60, "COI-Deficiencies", "COI-Deficiency Detail"),
    (61, "COI-Exemptions", "COI-Exemptions"),
    (62, "COI-Requests", "COI-Requests Sent"),
    (63, "COI-Alerts", "COI-Alert Schedule"),
    (64, "COI-Nonresponsive", "COI-Nonresponsive Policyholders"),
    (66, "COI-Contacts", "COI-Contact List"),
    (67, "COI-Certificates", "COI-Certificate Count by Policyholder"),
    (135, "COI-Not in Compliance", "COI-Not in Compliance"),
    (136, "COI-In Compliance", "COI-In Compliance"),
    (137, "COI-Inactive", "COI-Inactive Policyholders"),
    (138, "COI-Request History", "COI-Request History"),
    (139, "COI-Master", "COI-Master"),
)
_DOC = _system(
    2,
    (120, "DOC-Status", "DOC Status"),
    (121, "DOC-Received", "DOC-Received"),
    (122, "DOC-Pending Review", "DOC-Pending Review"),
    (123, "DOC-Reviewed", "DOC-Reviewed"),
    (124, "DOC-Expired", "DOC-Expired"),
    (125, "DOC-Expiring 30", "DOC-Expiring within 30 Days"),
    (126, "DOC-In Compliance", "DOC-In Compliance"),
    (127, "DOC-Not in Compliance", "DOC-Not in Compliance"),
    (128, "DOC-Compliance Summary", "DOC-Compliance Summary"),
    (129, "DOC-Risk Profile", "DOC-Policyholders by Risk Profile"),
    (130, "DOC-Alerts", "DOC-Alert Schedule"),
    (131, "DOC-Exemptions", "DOC-Exemptions"),
    (132, "DOC-Contacts", "DOC-Contact List"),
    (133, "DOC-Count", "DOC-Document Count by Policyholder"),
    (134, "DOC-Master", "DOC-Master"),
)
_MANAGEMENT = _system(
    3,
    (80, "MAN-Workload", "Reviewer Workload"),
    (81, "MAN-Turnaround", "Review Turnaround"),
    (82, "MAN-Compliance by Manager", "Compliance by Account Manager"),
    (83, "MAN-Compliance by Client", "Compliance by Client"),
    (84, "MAN-Compliance by Industry", "Compliance by Industry"),
    (85, "MAN-Nonresponsive", "Nonresponsive Rate"),
    (86, "MAN-Alerts", "Alert Volume"),
    (87, "MAN-Exemptions", "Exemption Counts"),
    (88, "MAN-Open Items", "Open Items"),
    (89, "MAN-Growth", "Account Growth"),
    (91, "MAN-Do Not Contact", "Do Not Contact List"),
    (92, "MAN-Master", "Management Master"),
    (93, "MAN-Documents", "Documents by Client"),
    (94, "MAN-Certificates", "Certificates by Client"),
    (96, "MAN-Response", "Response Times"),
)
_SCHEDULED = _system(
    7,
    (150, "SRS-Weekly Compliance", "Weekly Compliance"),
    (151, "SRS-Weekly COI Expiring", "Weekly Expiring Certificates"),
    (152, "SRS-Weekly Nonresponsive", "Weekly Nonresponsive"),
    (153, "SRS-Monthly Compliance", "Monthly Compliance"),
    (154, "SRS-Monthly Account Summary", "Monthly Account Summary"),
    (155, "SRS-Daily Received", "Daily Received"),
    (157, "SRS-Daily Reviewed", "Daily Reviewed"),
    (158, "SRS-Quarterly Compliance", "Quarterly Compliance"),
)
_DASHBOARD = _system(
    8,
    (160, "SRS-SO Dashboard", "SO Dashboard"),
    (161, "SRS-SO Dashboard COI", "SO Dashboard - COI"),
    (162, "SRS-SO Dashboard DOC", "SO Dashboard - DOC"),
    (163, "SRS-SO Dashboard Clients", "SO Dashboard - Clients"),
)
_AUTO_SCHEDULED = _system(
    9,
    (165, "SRS-Auto Expired", "Auto - Expired Certificates"),
    (166, "SRS-Auto Not in Compliance", "Auto - Not in Compliance"),
    (167, "SRS-Auto New Policyholders", "Auto - New Policyholders"),
    (168, "SRS-Auto Alerts", "Auto - Alerts Sent"),
    (170, "SRS-Auto Changes", "Auto - Status Changes"),
)
# Titles that repeat, that are blank or as long as the column allows; what is switched off; a category that is gone.
_ODD = (
    Report(171, 1, "COI-Status Old", "COI Status"),
    Report(172, 1, "COI-Status Copy", " coi status\t"),
    Report(173, 1, "COI-Status 41", "COI Status (41)"),
    Report(174, 1, "COI-Long", f"COI-All policyholders, {'with every endorsement and ' * 8}so on, even more"),
    Report(175, 2, "DOC-Blank", "  "),
    Report(176, 2, "DOC-Odd Characters", "DOC-“Odd” & <b>Café</b>; '--\\ § 100%\u00a0…"),
    Report(177, 3, "MAN-Retired", "Management Retired", enabled=False),
    Report(178, 1, "COI-Retired", "COI-Retired", enabled=False),
    Report(179, 4, "ACCT-Empty", "Accounts without Columns"),
    Report(180, UNKNOWN_CATEGORY, "MAN-Lost", "Report of a Lost Category"),
    Report(181, 5, None, "Custom Report of the System"),
)
_CUSTOM = (
    Report(200, 5, None, "Our Vendors", account=0),
    Report(201, 5, None, "Our Vendors", account=0),
    Report(202, 5, None, "Our Vendors", account=1),
    Report(203, 5, None, "COI-Not in Compliance", account=2),
    Report(204, 5, None, "Lease expirations \u2013 Büro Zürich", account=2),
    Report(205, 5, None, "Résumé des garanties", account=3),
    Report(206, 5, None, "Tenant list “Center One”", account=3),
    Report(207, 5, None, "Expired COIs; all properties", account=4),
    Report(208, 5, None, "Vendors w/o broker", account=5),
    Report(209, 5, None, "Monthly board report", account=6),
    Report(210, 5, None, "Compliant % by property", account=6),
    Report(211, 5, None, "TEST", account=7),
    Report(213, 5, None, "test", account=7, enabled=False),
    Report(214, 5, None, "Copy of Copy of Master", account=8),
    Report(215, 5, None, "Robert'); DROP TABLE report;--", account=9),
    Report(216, 5, None, "Subcontractors", account=10),
    Report(217, 5, None, "Subcontractors by trade", account=10),
    Report(218, 5, None, "Subcontractors no GL", account=10),
    Report(219, 5, None, "Insurance summary", account=11),
    Report(221, 5, None, "Insurance summary 2", account=12),
    Report(222, 5, None, "Open items", account=13),
    Report(223, 5, None, "Vendor contacts", account=14),
    Report(224, 5, None, "W-9 missing", account=15),
    Report(225, 5, None, "All fields", account=16),
    Report(226, 5, None, "Addresses only", account=17),
    Report(227, 5, None, "The largest customer's", account=_LAST_ACCOUNT),
    Report(229, 5, None, "Rejected customer's", stranger=REJECTED),
    Report(230, 5, None, "Skipped customer's", stranger=SKIPPED),
    Report(231, 5, None, "Deleted customer's", stranger=ABSENT),
    Report(232, 5, None, "Deleted customer's, too", stranger=ABSENT_LARGE),
    Report(240, 6, None, "Portfolio overview", account=0),
    Report(241, 6, None, "Portfolio by region", account=2),
    Report(242, 6, None, "Manager scorecard", account=6),
    Report(243, 6, None, "Compliance history", account=18),
    Report(245, 6, None, "Deleted customer's portfolio", stranger=ABSENT),
    Report(246, 8, None, "Dashboard for one client", account=19),
    Report(247, 9, None, "Auto - our vendors", account=0),
)
REPORTS: tuple[Report, ...] = tuple(
    sorted(
        (*_ACCOUNTS, *_COI, *_DOC, *_MANAGEMENT, *_SCHEDULED, *_DASHBOARD, *_AUTO_SCHEDULED, *_ODD, *_CUSTOM),
        key=lambda report: report.report_id,
    )
)
REPORT_IDS: tuple[int, ...] = tuple(report.report_id for report in REPORTS)
