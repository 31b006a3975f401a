"""A small catalogue of reports, for the tests of Metabase as code."""

from __future__ import annotations

from loaders.metabase.catalogue import (
    Catalogue,
    Collection,
    Dashboard,
    DashboardCard,
    Question,
    QuestionColumn,
    Schedule,
    Subscription,
)

ACCOUNT = 17
FORMATS = {"date": {"date_style": "M/D/YYYY", "time_enabled": None}, "money": {"number_style": "currency"}}

_MASTER = (
    QuestionColumn(1, "account_name", "Customer", "Its name", None),
    QuestionColumn(2, "account_id", "Customer no.", None, None),
    QuestionColumn(3, "expires_on", "Expires", None, "date"),
)

CATALOGUE = Catalogue(
    collections=(
        Collection("category:4", None, "Accounts", "Reports on Accounts.", None),
        Collection("account:17", "category:5", "Acme", None, ACCOUNT),
        Collection("category:5", None, "Custom", None, None),
    ),
    questions=(
        Question(
            "report:1",
            1,
            "ACCT-Account Master",
            "Every Account.",
            "category:4",
            "rpt_account_master",
            None,
            "complete",
            (),
            _MASTER,
        ),
        Question(
            f"report:1:account:{ACCOUNT}",
            1,
            "ACCT-Account Master, Acme",
            None,
            "account:17",
            "rpt_account_master",
            ACCOUNT,
            "complete",
            (),
            _MASTER,
        ),
        Question(
            "report:2",
            2,
            "MAN-Billing",
            None,
            "category:4",
            "rpt_account_master",
            None,
            "partial",
            ("Lost revenue", "Risk"),
            (QuestionColumn(1, "balance", "Balance", None, "money"),),
        ),
        Question("report:3", 3, "SRS-Nothing", None, "category:4", None, None, "none", ("Anything",), ()),
    ),
    dashboards=(
        Dashboard(
            "schedule:9",
            "ACCT-Account Master, Acme",
            None,
            "account:17",
            (DashboardCard(1, f"report:1:account:{ACCOUNT}", 0, 0, 24, 12),),
        ),
    ),
    schedules=(
        Schedule(9, 1, ACCOUNT, "subscribe", "weekly", ""),
        Schedule(10, 1, ACCOUNT, "dead", "no_recurrence", "Ask the Account whether it is missed."),
    ),
    subscriptions=(
        Subscription(
            "9",
            9,
            "schedule:9",
            "weekly",
            6,
            "mon",
            None,
            ("B@example.com", "a@example.com", "b@example.com"),
            True,
            False,
        ),
    ),
)
