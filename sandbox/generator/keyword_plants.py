"""The keywords that are planted on purpose (D11-6): every rule, every reason code, every hazard at least once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.generator.jsonb import Json
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED
from sandbox.generator.world import LIST_OVERRIDES, LIST_SETTINGS, NULL_OVERRIDES, TEXT_OVERRIDES

Outcome = tuple[str, str]


@dataclass(frozen=True)
class Keyword:
    """One planted keyword; what is not said is an ordinary one that moves.

    Args:
        meta: disposition and reason code under `account_meta`.
        settings: the same under `directory_settings`.
        keyword: as stored; one of its own, or of its place, where nothing is said.
        replacement: as stored.
        expects: keyword and replacement as they must arrive, where they differ from what is stored.
        place: plants with the same one share an Account and a keyword. Of those that do not lose otherwise, the one
            with the lowest source key has the outcome that all of them state, the others are duplicates.
        customer: customer_id, where it is not that of an Account.
        extra_account: one of the world's extra accounts.
        account_meta: key to value that the Account has in AccountMeta before; "" stands for the keyword's own key.
        override: what the Directory's settings have at the keyword's place before, as {"at": value}.
    """

    meta: Outcome = ("publish", "mapped")
    settings: Outcome = ("update", "mapped")
    keyword: str = ""
    replacement: str | None = "Shelves"
    expects: tuple[str, str] | None = None
    place: str = ""
    customer: int | None = None
    extra_account: int | None = None
    account_meta: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, Json] = field(default_factory=dict)


def _stored(keyword: str, replacement: str, *expects: str) -> Keyword:
    return Keyword(keyword=keyword, replacement=replacement, expects=(expects[0], expects[1]) if expects else None)


def _both(disposition: str, reason_code: str, **arguments: object) -> Keyword:
    return Keyword((disposition, reason_code), (disposition, reason_code), **arguments)  # type: ignore[arg-type]


def _blank(replacement: str | None) -> Keyword:
    return _both("skip", "replacement_blank", replacement=replacement)


def _contradicting(place: str, *replacements: str) -> tuple[Keyword, ...]:
    return tuple(_both("reject", "contradicting_values", place=place, replacement=each) for each in replacements)


_PRESENT = ("already_present", "same_value")
_META_CONFLICT, _SETTINGS_CONFLICT = ("reject", "meta_conflict"), ("reject", "settings_conflict")

_MOVED = (
    Keyword(),
    _stored("shelf_lower", "Shelves", "SHELF_LOWER", "Shelves"),
    _stored(" \tSHELF_BLANKS \xa0", "\t Étage #1 \r\n", "SHELF_BLANKS", "Étage #1"),
    _stored("étagère_1", "Étagères", "ÉTAGÈRE_1", "Étagères"),
    # Characters that mean something in a path, in JSON or in an array.
    _stored("A,B{\"C\"}\\.D[0]->>'E'", "Shelves"),
    _stored("0", "Shelves"),
    _stored("NULL", "NULL"),
    _stored("K" * 64, "É" * 255),
    _stored("SHELF_MOJIBAKE", "JosÃ©"),
    _stored("SHELF_JSON", '{"label": "Shelves"}'),
    _stored("SHELF_ESCAPES", 'line 1\nline 2\ttab "quote" \\backslash \x01\x1f\x7f /slash'),
    # Another case is another key to AccountMeta, and somebody else's row.
    Keyword(keyword="SHELF_CASE", account_meta={"shelf_case": "Other"}),
)

_LOST = (
    *map(_blank, (None, "", "   ", "\t\r\n", "\xa0 ")),
    *(_both("reject", "keyword_missing", keyword=keyword) for keyword in (" ", "   ", "\t", "\xa0")),
    _both("reject", "keyword_missing", keyword=" ", replacement=""),
    _both("reject", "text_unstorable", keyword="NUL\0"),
    _both("reject", "text_unstorable", replacement="She\0lves"),
    _both("reject", "text_unstorable", keyword=" ", replacement="\0"),
    _both("reject", "account_missing", customer=0),
    _both("reject", "account_absent", customer=ABSENT),
    _both("reject", "account_absent", customer=ABSENT_LARGE),
    _both("reject", "account_rejected", customer=REJECTED),
    _both("reject", "account_skipped", customer=SKIPPED),
    _both("skip", "replacement_blank", customer=ABSENT, replacement=""),
)

_TWINS = (
    *(Keyword(place="SHELF_EQUAL"),) * 3,
    # To MySQL these keys are one (M3); the replacement moves trimmed.
    Keyword(place="SHELF_TWIN", keyword="SHELF_TWIN", expects=("SHELF_TWIN", "Shelves")),
    Keyword(place="SHELF_TWIN", keyword="shelf_twin ", expects=("SHELF_TWIN", "Shelves")),
    Keyword(place="SHELF_TWIN", keyword=" Shelf_Twin", replacement="Shelves  ", expects=("SHELF_TWIN", "Shelves")),
    # A label's case counts.
    *_contradicting("SHELF_CONTRADICTED", "Shelves", "shelves"),
    *_contradicting("SHELF_CONTRADICTED_TWICE", "Shelves", "Shelves", "Racks"),
    # Only rows that passed every rule before count.
    Keyword(place="SHELF_ONE_BLANK"),
    _both("skip", "replacement_blank", place="SHELF_ONE_BLANK", replacement=" "),
    Keyword(place="SHELF_ONE_NUL"),
    _both("reject", "text_unstorable", place="SHELF_ONE_NUL", replacement="Rac\0ks"),
)

_THERE_ALREADY = (
    Keyword(meta=_PRESENT, account_meta={"": "Shelves"}),
    Keyword(meta=_META_CONFLICT, account_meta={"": "Racks"}),
    # A row with a blank value is a row: nothing may be put over it.
    Keyword(meta=_META_CONFLICT, account_meta={"": ""}),
    Keyword(meta=_META_CONFLICT, account_meta={"": "shelves"}),
    Keyword(settings=_PRESENT, override={"at": "Shelves"}),
    Keyword(settings=_SETTINGS_CONFLICT, override={"at": "Racks"}),
    Keyword(settings=_SETTINGS_CONFLICT, override={"at": "SHELVES"}),
    Keyword(settings=_SETTINGS_CONFLICT, override={"at": ""}),
    Keyword(settings=_SETTINGS_CONFLICT, override={"at": None}),
    Keyword(settings=_SETTINGS_CONFLICT, override={"at": {"label": "Shelves"}}),
    # Something on the path is no object: the settings themselves, the overrides, the Account's part of them.
    Keyword(settings=_SETTINGS_CONFLICT, extra_account=LIST_SETTINGS),
    Keyword(settings=_SETTINGS_CONFLICT, extra_account=LIST_OVERRIDES),
    Keyword(settings=_SETTINGS_CONFLICT, extra_account=NULL_OVERRIDES),
    Keyword(settings=_SETTINGS_CONFLICT, extra_account=TEXT_OVERRIDES),
    # Twins, and one value there already: the first finds it, the other is a twin still.
    *(Keyword(_PRESENT, _PRESENT, place="SHELF_THERE", account_meta={"": "Shelves"}, override={"at": "Shelves"}),) * 2,
    *_contradicting("SHELF_CONTRADICTED_AND_THERE", "Shelves", "Racks"),
    Keyword(place="SHELF_KEPT", account_meta={"SHELF_OF_SOMEBODY": "Kept"}),
)

PLANTS = (*_MOVED, *_LOST, *_TWINS, *_THERE_ALREADY)
