"""Users, groups, roles, offices and patients."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5
from typing import Any

from sandbox.dispatch.generator.plan import (
    DOCTORS,
    GROUP_ID,
    GROUPS,
    OFFICE_STAFF,
    PATIENT_USERS,
    STAFF,
    SUPERUSERS,
    TECHNICAL,
    WITHOUT_PROFILE,
    Tables,
    instant,
)
from sandbox.generator import names
from sandbox.generator.plan import Dice

Row = tuple[Any, ...]

OFFICES = 894
_OFFICE_DOCTORS = 424
_USER_SETTINGS = 1181
_CITIES = (("Boston", "MA", "02108"), ("Austin", "TX", "73301"), ("Portland", "OR", "97035"), ("Miami", "FL", "33101"))
_TAX_RATES = ("0.0000", "0.0625", "0.0825", "0.0700")

# Roles of the group Technician by key; the eight stand-ins are people's nicknames in the original.
_TECHNICAL_ROLES = {
    1: "Sectioning Technician",
    2: "AT/Bracket/IDB",
    3: "Designing Technician",
    4: "Manufacturing Technician",
    12: "Sales",
    13: "DT-IDB",
    14: "MT-IPR/Sticker",
    15: "MT-Laser",
    16: "MT-Metal Print",
    17: "MT-SF/EP",
    20: "MT-Inspect",
    21: "MT-Pictured/Ship",
    22: "MT-IDB",
    23: "MT-Load",
    24: "MT-Refiner",
    25: "Remote Technician",
    29: "DMT",
    30: "DT-Remote",
    33: "Remote-IDB/Sectioning",
    34: "Supervisor",
    42: "MT-Resin Coating",
    43: "Remote Technician Sectioning Approver",
    55: "Japan Aligner Technician",
    **{key: f"Stand-in {letter}" for key, letter in zip(range(44, 52), "ABCDEFGH", strict=True)},
}
_OTHER_ROLES = {
    5: ("Office Manager", "Administrator"),
    6: ("Accountant", "Billing"),
    7: ("Collections", "Billing"),
    8: ("Account Executive", "Sales"),
    9: ("Sales Trainer", "Sales"),
    10: ("Help Desk", "Support"),
    11: ("Clinical Support", "Support"),
    18: ("Data Export", "Export"),
    19: ("Auditor", "Export"),
    26: ("Partner Laboratory", "External"),
    27: ("Orthodontist", "Doctor"),
    28: ("Dentist", "Doctor"),
    31: ("Production Master", "Master"),
    32: ("Planning Master", "Master"),
    35: ("Administrator", "Administrator"),
}
# Specialties of the 32 technicians: role, how many, how many of them active.
_SPECIALTIES = ((1, 11, 2), (3, 9, 3), (25, 6, 4), (4, 4, 3), (43, 1, 1), (55, 1, 1))
_TECHNICIANS = [*STAFF[:10], *TECHNICAL[:22]]
_OTHERS_OF_THE_GROUP = [*STAFF[10:], *TECHNICAL[22:]]
_FIRST_HIRED, _LAST_HIRED = "2018-02-22 14:00:00+00", "2025-07-29 15:30:00+00"


def generate(seed: int) -> Tables:
    """Every table of people and of what they belong to."""
    dice = Dice(seed, "people")
    return {
        "auth_group": [(key, name) for key, name in GROUPS.items()],
        "auth_user": list(_users(dice)),
        "auth_user_groups": [(n, *pair) for n, pair in enumerate(_memberships(), start=1)],
        "dispatch_office": list(_offices(dice)),
        "dispatch_office_doctors": [
            (n, dice.roll(n, 0, OFFICES) + 1, doctor) for n, doctor in enumerate(DOCTORS[:_OFFICE_DOCTORS], start=1)
        ],
        "dispatch_role": list(_roles()),
        "dispatch_usersetting": [
            (n, user, _role_of().get(user)) for n, user in enumerate(range(1, _USER_SETTINGS + 1), 1)
        ],
        "dispatch_doctorsetting": list(_doctor_settings(dice)),
        "dispatch_patient": list(_patients(dice)),
    }


def _role_of() -> dict[int, int]:
    """Role by user: the technicians', other roles of their group for most of its other members, and some beside."""
    found: dict[int, int] = {}
    users = iter(_TECHNICIANS)
    for role, count, _ in _SPECIALTIES:
        found |= {next(users): role for _ in range(count)}
    other = [role for role, name in _TECHNICAL_ROLES.items() if "Technician" not in name]
    found |= {user: other[n % len(other)] for n, user in enumerate(_OTHERS_OF_THE_GROUP[:40])}
    found |= dict(zip(OFFICE_STAFF, _OTHER_ROLES, strict=False))
    return found


def _active_technicians() -> set[int]:
    active, start = set(), 0
    for _, count, number in _SPECIALTIES:
        active |= set(_TECHNICIANS[start : start + number])
        start += count
    return active


def _users(dice: Dice) -> Iterator[Row]:
    active_technicians = _active_technicians()
    for key in range(1, PATIENT_USERS.stop):
        first, last = names.person(dice, key, 0)
        joined = instant("2017-01-01", days=dice.roll(key, 2, 3000), seconds=dice.roll(key, 3, 86400))
        active = dice.roll(key, 4, 10) > 0
        if key in _TECHNICIANS:
            active = key in active_technicians
            joined = instant("2018-03-01", days=dice.roll(key, 2, 2690), seconds=dice.roll(key, 3, 86400))
            joined = {_TECHNICIANS[0]: _FIRST_HIRED, _TECHNICIANS[-1]: _LAST_HIRED}.get(key, joined)
        # A few addresses that the profiles do not have: blank, or none at all.
        email = {1: "", 2: "not an address", 3: f" User{key}@Example.com "}.get(
            dice.roll(key, 5, 400), f"user{key}@example.com"
        )
        if key in _TECHNICIANS:
            email = f"user{key}@example.com" if key != _TECHNICIANS[3] else ""
        password = f"synthetic${md5(f'password {key}'.encode(), usedforsecurity=False).hexdigest()}"
        last_login = None if key % 3 == 0 else instant("2025-01-01", days=dice.roll(key, 6, 220))
        is_superuser, is_staff = key in SUPERUSERS, key in SUPERUSERS or key in STAFF
        yield (
            key, password, last_login, is_superuser, f"user{key:05}", first, last, email, is_staff, active, joined
        )  # fmt: skip


def _memberships() -> Iterator[tuple[int, int]]:
    yield from ((user, GROUP_ID["Patient"]) for user in PATIENT_USERS)
    yield from ((user, GROUP_ID["Doctor"]) for user in DOCTORS)
    # Doctors whose profile was never made, and people without any group.
    yield from ((user, GROUP_ID["Doctor"]) for user in WITHOUT_PROFILE[:5])
    yield from ((user, GROUP_ID["Master"]) for user in SUPERUSERS)
    yield from ((user, GROUP_ID["Administrator"]) for user in SUPERUSERS[:2])
    yield from ((user, GROUP_ID["Technician"]) for user in _TECHNICIANS + _OTHERS_OF_THE_GROUP)
    names_of_groups = ("Billing", "Export", "External", "Sales", "Support")
    yield from ((user, GROUP_ID[names_of_groups[n % 5]]) for n, user in enumerate(OFFICE_STAFF))


def _offices(dice: Dice) -> Iterator[Row]:
    for key in range(1, OFFICES + 1):
        city, state, code = _CITIES[dice.roll(key, 0, len(_CITIES))]
        unit = f"Suite {key}" if dice.roll(key, 1, 3) == 0 else ""
        street = f"{100 + dice.roll(key, 2, 900)} Example Street"
        phone = f"+1-555-01{dice.roll(key, 3, 100):02}"
        rate = _TAX_RATES[dice.roll(key, 4, len(_TAX_RATES))]
        name = names.firm(dice, key, 5)
        yield (
            key, name, street, unit, city, state, code, "US", phone, rate, key % 9 > 0, f"CUST{key:06}", key % 4 > 0
        )  # fmt: skip


def _roles() -> Iterator[Row]:
    technician = GROUP_ID["Technician"]
    roles = {key: (name, technician) for key, name in _TECHNICAL_ROLES.items()}
    roles |= {key: (name, GROUP_ID[group]) for key, (name, group) in _OTHER_ROLES.items()}
    for place, (key, (name, group)) in enumerate(sorted(roles.items()), start=1):
        abbreviation = "".join(word[0] for word in name.replace("/", " ").split())
        yield key, name, abbreviation, 1 if group == technician else 2, place, None, group


def _doctor_settings(dice: Dice) -> Iterator[Row]:
    for number, doctor in enumerate(DOCTORS, start=1):
        agreed = instant("2021-01-01", days=dice.roll(doctor, 0, 1500))
        credit = f"{dice.roll(doctor, 1, 50000) / 100:.2f}" if doctor % 20 == 0 else "0.00"
        yield (
            number, doctor, "{}", f"CUST9{doctor:05}", doctor % 30 == 0, credit, "gold", "standard",
            doctor % 4, agreed, agreed, doctor % 15 == 0,
        )  # fmt: skip


def _patients(dice: Dice) -> Iterator[Row]:
    for key, user in enumerate(PATIENT_USERS, start=1):
        doctor = DOCTORS[dice.roll(key, 0, len(DOCTORS))]
        if key in UNRESOLVED_PATIENTS:
            doctor = UNRESOLVED_DOCTORS[key % len(UNRESOLVED_DOCTORS)]
        office = dice.roll(key, 1, OFFICES) + 1 if dice.roll(key, 2, 10) > 0 else None
        birthdate = None if key % 50 == 0 else instant("1950-01-01", days=dice.roll(key, 3, 22000))[:10]
        updated = instant("2022-01-01", days=dice.roll(key, 4, 1300))
        yield (
            key, user, doctor, office, birthdate, (1, 2, 0, None)[dice.roll(key, 5, 4)], f"P{key:05}", key % 12 == 0,
            key % 70 == 0, (1, 2, 4, 10)[dice.roll(key, 6, 4)], "[]", updated, updated,
        )  # fmt: skip


# Patients whose instructions became no order: two doctors have no profile, the third is staff, of type technician.
UNRESOLVED_PATIENTS = range(7845, 7851)
UNRESOLVED_DOCTORS = (WITHOUT_PROFILE[0], WITHOUT_PROFILE[1], STAFF[2])
