"""Rows of `keyword` with their answers, and what stands in their places before: the planted ones, then the bulk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from sandbox.generator import jsonb
from sandbox.generator.answers import ARCHIVED, AccountMeta, Answer, Directory, Planted, Target
from sandbox.generator.claims import DUPLICATE, TAKES, Claim, settle
from sandbox.generator.jsonb import Json
from sandbox.generator.keyword_plants import PLANTS, Keyword
from sandbox.generator.plan import Dice
from sandbox.generator.world import (
    KEYWORDS_PER_ACCOUNT,
    LIST_OVERRIDES,
    LIST_SETTINGS,
    NULL_OVERRIDES,
    TEXT_OVERRIDES,
    World,
)

OVERRIDES = "label_overrides"
# What PostgreSQL's side of the project calls white space (docs/area11.md): blanks, tabs, line ends, no-break spaces.
_BLANKS = " \t\n\r\f\v\xa0"
_LOSES = ("skip", "reject")


def rows(world: World) -> Iterator[Planted]:
    """All rows of the table."""
    yield from _planted_rows(world)
    dice = world.dice("keyword")
    left = world.plan.rows_of("keyword") - len(PLANTS)
    for account in range(-(-left // KEYWORDS_PER_ACCOUNT)):
        yield from _bulk_rows(world, dice, account, min(left - account * KEYWORDS_PER_ACCOUNT, KEYWORDS_PER_ACCOUNT))


def source_key(customer: int, keyword: str, replacement: str | None) -> str:
    """Hash of a row as it is in the raw layer (docs/architecture.md, Source keys), without its number.

    A text that PostgreSQL cannot hold is NULL there, and stands in `_unstorable` as hex digits of its UTF-8 bytes.
    """
    texts: dict[str, str | None] = {"keyword": keyword, "replacement": replacement}
    unstorable: dict[str, Json] = {
        name: text.encode().hex() for name, text in texts.items() if text is not None and "\0" in text
    }
    row: dict[str, Json] = {"customer_id": str(customer), **texts, **dict.fromkeys(unstorable)}
    if unstorable:
        row["_unstorable"] = unstorable
    return hashlib.md5(jsonb.text(row).encode(), usedforsecurity=False).hexdigest()


def account_meta(world: World) -> Iterator[tuple[int, str, str]]:
    """(account index, key, value) of the AccountMetas that stand in the keywords' places before, or beside them."""
    held = {
        (_account_of_plant(world, at), key or _moved(at, plant)[0], value)
        for at, plant in enumerate(PLANTS)
        for key, value in plant.account_meta.items()
    }
    yield from sorted(held)
    for account in range(_bulk_accounts(world)):
        for keyword, value in _held(account).items():
            yield account, keyword, value


def directory_settings(world: World, directory: int) -> str:
    """Directory.settings as they are before the migration."""
    regular = world.directories.count - (world.accounts.count - world.regular_accounts)
    usual: dict[str, Json] = {"theme": "dark", "order": directory}
    if directory >= regular:
        account = world.regular_accounts + directory - regular
        return jsonb.text(_unusual_settings(world, account - world.regular_accounts, usual))
    overrides: dict[str, Json] = {
        str(world.accounts.target(account)): held
        for account in range(directory, world.regular_accounts, regular)
        if (held := _overrides_of(world, account))
    }
    return jsonb.text({**usual, OVERRIDES: overrides} if overrides else usual)


def _unusual_settings(world: World, extra: int, usual: Mapping[str, Json]) -> Json:
    account_id = str(world.accounts.target(world.extra_account(extra)))
    unusual: dict[int, Json] = {
        LIST_SETTINGS: ["dark"],
        LIST_OVERRIDES: {**usual, OVERRIDES: []},
        NULL_OVERRIDES: {**usual, OVERRIDES: None},
        TEXT_OVERRIDES: {**usual, OVERRIDES: {account_id: "Shelves"}},
    }
    return unusual.get(extra, usual)


def _overrides_of(world: World, account: int) -> dict[str, Json]:
    """What an Account has below `label_overrides` before."""
    planted = _planted_overrides(world.regular_accounts).get(account, {})
    return {**planted, **(_held(account) if account < _bulk_accounts(world) else {})}


@cache
def _planted_overrides(regular_accounts: int) -> dict[int, dict[str, Json]]:
    found: dict[int, dict[str, Json]] = {}
    for at, plant in enumerate(PLANTS):
        if plant.override:
            account = _first_of_place(at) % regular_accounts
            found.setdefault(account, {"SHELF_OF_SOMEBODY": "Kept"})[_moved(at, plant)[0]] = plant.override["at"]
    return found


def _first_of_place(at: int) -> int:
    place = PLANTS[at].place
    return next(first for first, plant in enumerate(PLANTS) if plant.place == place) if place else at


def _account_of_plant(world: World, at: int) -> int:
    extra = PLANTS[at].extra_account
    return _first_of_place(at) % world.regular_accounts if extra is None else world.extra_account(extra)


def _stored_keyword(at: int, plant: Keyword) -> str:
    return plant.keyword or plant.place or f"SHELF_{at}"


def _moved(at: int, plant: Keyword) -> tuple[str, str]:
    """Keyword and replacement as they must arrive."""
    return plant.expects or (_stored_keyword(at, plant), plant.replacement or "")


def _planted_rows(world: World) -> Iterator[Planted]:
    sources: list[tuple[int, str, str | None]] = []
    for at, plant in enumerate(PLANTS):
        account = _account_of_plant(world, at)
        customer = world.accounts.legacy(account) if plant.customer is None else plant.customer
        sources.append((customer, _stored_keyword(at, plant), plant.replacement))
    keys = _numbered(sources)
    for at, plant in enumerate(PLANTS):
        account, moved = _account_of_plant(world, at), _moved(at, plant)
        outcomes = [
            DUPLICATE if keys[at] != min(_keys_in_place(keys, plant, under_meta), default=keys[at]) else outcome
            for under_meta, outcome in ((True, plant.meta), (False, plant.settings))
        ]
        yield Planted(sources[at], _answers(world, account, moved, outcomes[0], outcomes[1]), keys[at])


def _keys_in_place(keys: list[str], plant: Keyword, under_meta: bool) -> list[str]:
    """Source keys of the plants that compete with this one, itself included; none where it does not compete."""

    def competes(other: Keyword) -> bool:
        return (other.meta if under_meta else other.settings)[0] not in _LOSES

    if not plant.place or not competes(plant):
        return []
    return [key for key, other in zip(keys, PLANTS, strict=True) if other.place == plant.place and competes(other)]


def _numbered(sources: list[tuple[int, str, str | None]]) -> list[str]:
    """Source keys: each row's hash, and its number among equal rows."""
    seen = Counter[str]()
    keys = []
    for source in sources:
        found = source_key(*source)
        seen[found] += 1
        keys.append(f"{found}#{seen[found]}")
    return keys


def _answers(
    world: World, account: int, moved: tuple[str, str], meta: tuple[str, str], settings: tuple[str, str]
) -> Mapping[str, Answer]:
    keyword, replacement = moved
    account_id = str(world.accounts.target(account))
    meta_row = Target(AccountMeta, {"account_id": account_id, "key": keyword, "value": replacement})
    settings_row = Target(
        Directory,
        {"settings": jsonb.text(replacement)},
        json_path=(OVERRIDES, account_id, keyword),
        row_id=world.directories.target(world.directory_of_account(account)),
    )
    return {
        "account_meta": Answer(*meta, (meta_row,) if meta[0] == "publish" else ()),
        "directory_settings": Answer(*settings, (settings_row,) if settings[0] == "update" else ()),
        "archive": ARCHIVED,
    }


_LABELS: tuple[tuple[str, str | None], ...] = (
    ("TRACKED_ITEM_NAME", "Tenants"),
    ("GROUP_NAME", "Centers"),
    ("CUSTOM_FIELD_1", "Lease #"),
    ("CUSTOM_FIELD_2", "Étage"),
    ("CUSTOM_FIELD_3", "Bâtiment"),
    ("CUSTOM_FIELD_4", None),
    ("NAME_OF_VENDOR", "Policyholder"),
    ("PAGE_TITLE", "Compliance"),
    ("DOCUMENT_NAME", "Paper"),
    ("LOCATION_NAME", "Mall"),
)


def _bulk_accounts(world: World) -> int:
    return -(-(world.plan.rows_of("keyword") - len(PLANTS)) // KEYWORDS_PER_ACCOUNT)


def _labels(dice: Dice, account: int) -> list[tuple[str, str | None]]:
    """An Account's rows: one in eight Accounts has twins, exact, by case, or contradicting."""
    labels = list(_LABELS)
    labels[5] = ("CUSTOM_FIELD_4", (None, "", "Floor")[dice.roll(account, 0, 3)])
    labels[0] = ("TRACKED_ITEM_NAME", ("Tenants", "Shops", "Contractors ")[dice.roll(account, 1, 3)])
    twin = dice.roll(account, 2, 24)
    if twin == 0:
        labels[7] = labels[1]
    elif twin == 1:
        labels[8] = ("TRACKED_ITEM_NAME", "Vendors")
    elif twin == 2:
        labels[9] = ("group_name ", "Centers")
    return labels


def _held(account: int) -> dict[str, str]:
    """What stands in a bulk keyword's place before, in AccountMeta and in the settings alike."""
    return {4: {"GROUP_NAME": "Centers"}, 13: {"NAME_OF_VENDOR": "Firm"}}.get(account % 25, {})


def _bulk_rows(world: World, dice: Dice, account: int, count: int) -> Iterator[Planted]:
    labels = _labels(dice, account)[:count]
    is_lost = account % 100 == 57
    # No Account's legacy key follows another's: the next number is nobody's.
    customer = world.accounts.legacy(account) + is_lost
    sources = [(customer, keyword, replacement) for keyword, replacement in labels]
    keys = _numbered(sources)
    moved = [(keyword.strip(_BLANKS).upper(), (replacement or "").strip(_BLANKS)) for keyword, replacement in labels]
    claims = [Claim(keyword if value else None, key, value) for (keyword, value), key in zip(moved, keys, strict=True)]
    held = _held(account)
    for at, verdict in enumerate(settle(claims)):
        keyword, value = moved[at]
        meta, settings = ("publish", "mapped"), ("update", "mapped")
        if not value:
            meta = settings = ("skip", "replacement_blank")
        elif is_lost:
            meta = settings = ("reject", "account_absent")
        elif verdict != TAKES:
            meta = settings = verdict
        elif keyword in held:
            is_same = held[keyword] == value
            meta = ("already_present", "same_value") if is_same else ("reject", "meta_conflict")
            settings = ("already_present", "same_value") if is_same else ("reject", "settings_conflict")
        yield Planted(sources[at], _answers(world, account, moved[at], meta, settings), keys[at])
