"""Area 12's computed cache of the whole hierarchy: 93 columns, booleans spelled in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.plan import Dice
from sandbox.generator.world import World

_ZERO_TIME, _ZERO_DATE = "0000-00-00 00:00:00", "0000-00-00"
_STATUSES = ("Compliant", "Not in Compliance", "Pending Review", "")


def report_data(world: World, count: int) -> Iterator[dict[str, Any]]:
    """One row a policyholder: service organisation (SO), certificate holder (CH), policyholder (PH)."""
    dice = world.dice("report_data")
    for at in range(count):
        record = at % world.records.count
        account = world.account_of_record(record)
        compliant = dice.roll(at, 0, 3) > 0
        yield {
            "report_data_id": at + 1,
            **_hierarchy(world, dice, account),
            "PH_ID": world.records.legacy(record),
            "PH_Name": names.firm(dice, at, 3) + (" " if at % 9 == 4 else ""),
            "PH_DBA_Name": (None, "", 'Café "Zoë"')[at % 3],
            "PH_Status": ("ACTIVE", "INACTIVE", "active ")[at % 3],
            "PH_Reference_Number": f"REF\t{at}" if at % 20 == 6 else f"REF-{at}",
            **_address(dice, at),
            **_times(dice, at),
            **_evaluation(dice, at, "COI", compliant),
            **_evaluation(dice, at, "DOC", at % 4 > 0),
            "PH_Last_Alert_Date": _ZERO_DATE if at % 7 == 2 else times.day(dice, at, 80, 2022, 2),
            "PH_Next_Alert_Date": None,
            "PH_Is_Compliant": "yes" if compliant and at % 4 else "no",
            "PH_Is_COI_Compliant": "yes" if compliant else "no",
            "PH_Is_DOC_Compliant": ("no", "yes")[at % 4 > 0],
            "PH_Is_Exempt": (0, 1, None)[at % 3],
            "PH_Is_Nonresponsive": (0, 1, 7)[dice.roll(at, 81, 30) % 3 if at % 25 == 9 else 0],
            "PH_Has_Broker": at % 2,
            "PH_Do_Not_Contact": ("no", "yes", "", None, "1")[at % 5],
            **{f"PH_Custom_Field_{n}": (None, "", f"Lease {at}", "N;", "-1")[(at + n) % 5] for n in range(1, 16)},
            **{f"PH_{what}_Count": dice.roll(at, 90, 9) - (at % 50 == 11) for what in ("COI", "DOC", "Exemption")},
            **{f"PH_{what}_Count": dice.roll(at, 91, 9) for what in ("Alert", "Broker", "Open_Item")},
            "create_time": "2024-02-01 03:00:00" if at % 2 else "2024-02-02 03:00:00",
        }


def _hierarchy(world: World, dice: Dice, account: int) -> dict[str, Any]:
    customer, name = world.accounts.legacy(account), names.firm(dice, account, 10)
    return {
        "SO_ID": customer,
        "SO_Name": name,
        "SO_Status": "ACTIVE",
        "SO_Industry": ("Construction", "Real Estate", None)[account % 3],
        "SO_Account_Manager_ID": world.users.legacy(account % world.users.count),
        "SO_Account_Manager": " ".join(names.person(dice, account, 13)),
        "SO_Account_Manager_Email": names.address(dice, account, 13),
        "CH_ID": customer,
        "CH_Name": name,
        "CH_Status": ("ACTIVE", "")[account % 2],
        "CH_Customer_Type": ("A", "", None)[account % 3],
        "CH_Create_Time": times.local(dice, account, 16),
        "CH_Inactivated_Time": _ZERO_TIME,
    }


def _address(dice: Dice, at: int) -> dict[str, Any]:
    return {
        "PH_Address_1": f"{at} Calle Peñón",
        "PH_Address_2": (None, "", "Suite #4; 2nd \\ floor")[at % 3],
        "PH_City": ("Zürich", "New York", "São Paulo")[at % 3],
        "PH_State": ("NY", "", "--")[at % 3],
        "PH_Zip": f"{at % 100000:05}",
        "PH_Country": ("US", None, "USA ")[at % 3],
        "PH_Contact_Name": " ".join(names.person(dice, at, 20)),
        "PH_Contact_Email": names.address(dice, at, 22),
        "PH_Contact_Phone": "(212) 555-0100 x7",
    }


def _times(dice: Dice, at: int) -> dict[str, Any]:
    kinds = ("Create", "Activated", "Inactivated", "Last_Update", "First_Request", "Last_Request", "Last_Response")
    moments: dict[str, str | None] = {
        f"PH_{kind}_Time": times.local(dice, at, 30 + 2 * lane) for lane, kind in enumerate(kinds)
    }
    moments["PH_Inactivated_Time"] = None if at % 2 else _ZERO_TIME
    moments["PH_Nonresponsive_Time"] = "2023-00-15 00:00:00" if at % 30 == 12 else None
    return moments


def _evaluation(dice: Dice, at: int, kind: str, compliant: bool) -> dict[str, Any]:
    lane = 50 if kind == "COI" else 65
    profile = -1 if at % 6 == 1 else 1 + dice.roll(at, lane, 500)
    status = _STATUSES[0] if compliant else _STATUSES[1 + at % 3]
    return {
        f"PH_{kind}_RiskProfile_ID": profile,
        f"PH_{kind}_RiskProfile_Name": None if profile == -1 else f"Risk profile {profile}",
        f"PH_{kind}_Status": status,
        f"PH_{kind}_Status_Time": times.local(dice, at, lane + 1),
        f"PH_{kind}_Compliant_Time": times.local(dice, at, lane + 3) if compliant else _ZERO_TIME,
        f"PH_{kind}_Noncompliant_Time": None if compliant else times.local(dice, at, lane + 5),
        f"PH_{kind}_Received_Time": times.local(dice, at, lane + 7),
        f"PH_{kind}_Reviewed_Time": None,
        f"PH_{kind}_Next_Expiration_Date": _ZERO_DATE if at % 11 == 5 else times.day(dice, at, lane + 9, 2036, 2),
        f"PH_{kind}_Noncompliance_Reason": None if compliant else 'GL limit < $1,000,000;\nno "additional insured"',
        f"PH_{kind}_Alert_1_Date": times.day(dice, at, lane + 10, 2022, 1),
        f"PH_{kind}_Alert_2_Date": _ZERO_DATE,
        f"PH_{kind}_Alert_3_Date": None,
    }
