"""The reviewer_addresses that are planted on purpose (D11-8, D1 to D6): every rule, every reason code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.generator import php
from sandbox.generator.population import ABSENT, ABSENT_LARGE, REJECTED, SKIPPED


@dataclass(frozen=True)
class Reviewer:
    """One planted reviewer_address.

    Args:
        outcome: disposition and reason code.
        payload: email_string's bytes, None for NULL.
        published: the addresses that must appear, as they must appear.
        present: (address, email_type) that the Account has from Area 2.
        present_elsewhere: address that another Account has as a reviewer's.
        account: plants with the same number share an Account; each other has one that the row's place decides.
        columns: source columns that differ from the ordinary row.
    """

    outcome: tuple[str, str]
    payload: bytes | None
    published: tuple[str, ...] = ()
    present: tuple[tuple[str, str], ...] = ()
    present_elsewhere: str = ""
    account: int | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


def _address(name: str) -> str:
    return f"{name}@plants.example.com"


def _new(*stored: str, published: tuple[str, ...] | None = None, reason: str = "mapped", **arguments: Any) -> Reviewer:
    return Reviewer(("publish", reason), php.strings(stored), stored if published is None else published, **arguments)


def _present(stored: tuple[str, ...], *present: str, **arguments: Any) -> Reviewer:
    emails = tuple((address, "reviewer") for address in present)
    return Reviewer(("already_present", "same_address"), php.strings(stored), present=emails, **arguments)


def _skipped(reason: str, payload: bytes | None) -> Reviewer:
    return Reviewer(("skip", f"payload_{reason}"), payload)


def _undecodable(reason: str, payload: bytes) -> Reviewer:
    return Reviewer(("reject", f"payload_{reason}"), payload)


def _invalid(*stored: str) -> Reviewer:
    return Reviewer(("reject", "address_invalid"), php.strings(stored))


def _row_rejected(reason_code: str, /, **columns: Any) -> Reviewer:
    return Reviewer(("reject", reason_code), php.strings([_address(f"row.{reason_code}")]), columns=columns)


_WHOLE = php.strings([_address("whole")])
_STRING = php.string(_address("whole").encode())
_LENGTH = b"s:%d:" % len(_address("whole"))
_DUPLICATE = ("skip", "duplicate_address")

_PUBLISHED = (
    _new(_address("one")),
    Reviewer(("publish", "mapped"), php.string(_address("single").encode()), (_address("single"),)),
    _new(_address("first"), _address("second"), _address("third")),
    _new(f"  {_address('outer.blanks')} ", published=(_address("outer.blanks"),)),
    # Published as it was written; only the comparison ignores case.
    _new("Kept.Case@Plants.Example.COM"),
    _new(_address("billing.only"), present=((_address("billing.only"), "billing"),)),
    _new(_address("other.account"), present_elsewhere=_address("other.account")),
    _new("", _address("after.blank"), published=(_address("after.blank"),)),
    # Twins in two rows; ids 9 and 10: as text, 9 comes after 10.
    _new(_address("Twin.Rows"), account=5),
    Reviewer(_DUPLICATE, php.strings([f"{_address('twin.rows')} "]), account=5),
    # Twins in one row; positions 2 and 10.
    _new(
        *(_address(f"list.{at}") for at in range(2)),
        _address("Twin.Positions"),
        *(_address(f"list.{at}") for at in range(3, 10)),
        f" {_address('twin.positions')}",
        published=(
            *(_address(f"list.{at}") for at in range(2)),
            _address("Twin.Positions"),
            *(_address(f"list.{at}") for at in range(3, 10)),
        ),
    ),
    # The same address is a new one in another Account.
    _new(_address("twin.rows"), account=6),
    _new(_address("new.beside.twin"), _address("twin.rows"), account=5, published=(_address("new.beside.twin"),)),
    # Dead columns that are alive.
    _new(_address("type.set"), columns={"type": "BROKER"}),
    _new(_address("level.set"), columns={"level": 1}),
    _new(
        *(_address("valid.beside.invalid"), "no address"),
        published=(_address("valid.beside.invalid"),),
        reason="partly_rejected",
    ),
    _new(
        *(_address("beside.present"), _address("present")),
        present=((_address("present"), "reviewer"),),
        published=(_address("beside.present"),),
    ),
)

_THERE = (
    _present((_address("there"),), _address("there")),
    _present((_address("There.CASE"),), _address("there.case")),
    _present((f" {_address('there.blank')}  ",), _address("there.blank")),
    _present((_address("there.a"), _address("there.b")), _address("there.a"), _address("there.b")),
    # Twins of one that is there are there too.
    _present((_address("there.twin"), _address("THERE.twin")), _address("there.twin")),
    _present(("", _address("there.after.blank")), _address("there.after.blank")),
    Reviewer(
        ("reject", "address_invalid"),
        php.strings([_address("there.beside.invalid"), "no address"]),
        present=((_address("there.beside.invalid"), "reviewer"),),
    ),
)

_EMPTY = (
    _skipped("null", None),
    _skipped("blank", b""),
    _skipped("blank", b"   "),
    _skipped("php_null", b"N;"),
    _skipped("empty_list", b"a:0:{}"),
    _skipped("blank_addresses", php.strings([""])),
    _skipped("blank_addresses", php.strings(["", "  "])),
    _skipped("blank_addresses", b's:0:"";'),
)

_INVALID = (
    _invalid("no address"),
    _invalid("no.dot@localhost"),
    _invalid("two@@plants.example.com"),
    _invalid("in side@plants.example.com"),
    _invalid(f"{_address('comma')}, {_address('list')}"),
    _invalid(f"{_address('line')}\n{_address('break')}"),
    _invalid("x" * 60 + "@" + "y" * 60 + "." + "z" * 60 + "." + "w" * 60 + "." + "v" * 60 + ".example.com"),
    # Django's EmailField takes ASCII only before the @ (M7); é is one byte in latin1 (E1, D3).
    _invalid("josé@plants.example.com"),
    Reviewer(("reject", "address_invalid"), php.array([php.string("josé@plants.example.com".encode())])),
)

_BROKEN = (
    _undecodable("bare_address", _address("bare").encode()),
    _undecodable("truncated", _WHOLE[:-1]),
    _undecodable("truncated", php.strings([_address("cut.one"), _address("cut.two")])[:-20]),
    _undecodable("trailing_bytes", _WHOLE + _STRING),
    _undecodable("trailing_bytes", _STRING + b"}"),
    _undecodable("byte_order_mark", b"\xef\xbb\xbf" + _WHOLE),
    _undecodable("escaped_quotes", _WHOLE.replace(b'"', b'\\"')),
    _undecodable("escaped_quotes", _WHOLE.replace(b'"', b"&quot;")),
    _undecodable("doubly_serialized", php.string(_WHOLE)),
    _undecodable("doubly_serialized", php.string(_STRING)),
    _undecodable("object", b'O:8:"stdClass":1:{s:5:"email";' + _STRING + b"}"),
    _undecodable("object", php.array([_STRING, b'O:4:"Evil":0:{}'])),
    _undecodable("object", b'C:11:"ArrayObject":2:{{}}'),
    _undecodable("object", b'E:11:"Suit:Hearts";'),
    _undecodable("reference", php.array([_STRING, b"R:2;"])),
    _undecodable("reference", php.array([b"R:1;"])),
    _undecodable("limit", b"a:1:{i:0;" * 6000 + b"N;" + b"}" * 6000),
    _undecodable("limit", b"a:2000000000:{}"),
    _undecodable("limit", b's:999999999999:"x";'),
    _undecodable("length_mismatch", _WHOLE.replace(_LENGTH, b"s:%d:" % (len(_address("whole")) - 1))),
    # Written over a utf8 connection, counted in latin1 (E1).
    _undecodable("length_mismatch", _WHOLE.replace(_LENGTH, b"s:%d:" % (len(_address("whole")) + 1))),
    _undecodable("syntax", _WHOLE.replace(b"s:", b"s:+")),
    _undecodable("syntax", b"b:2;"),
    _undecodable("syntax", b"x:1;"),
    _undecodable("number_out_of_range", _WHOLE.replace(b"i:0;", b"i:9223372036854775808;")),
    _undecodable("unexpected_type", php.integer(5)),
    _undecodable("unexpected_type", b"b:1;"),
    _undecodable("unexpected_type", php.array([php.integer(5)])),
    _undecodable("unexpected_type", php.array([_WHOLE])),
    _undecodable("encoding", php.array([php.string(b"nul\0@plants.example.com")])),
)

_ROWS = (
    _row_rejected("account_missing", customer_id=None),
    _row_rejected("account_missing", customer_id=0),
    _row_rejected("account_absent", customer_id=ABSENT),
    _row_rejected("account_absent", customer_id=ABSENT_LARGE),
    _row_rejected("account_rejected", customer_id=REJECTED),
    _row_rejected("account_skipped", customer_id=SKIPPED),
    _row_rejected("text_unstorable", type="NUL\0"),
)

PLANTS = (*_PUBLISHED, *_THERE, *_EMPTY, *_INVALID, *_BROKEN, *_ROWS)
