"""Notifications: planted rows first, then the bulk, made by PostgreSQL itself."""

from __future__ import annotations

from typing import Any

import psycopg

from sandbox.dispatch.generator import content_types, instructions
from sandbox.dispatch.generator.plan import (
    NOTIFICATIONS,
    PATIENT_USERS,
    PATIENTS,
    WITHOUT_PROFILE,
    instant,
    instruction_key,
)

Row = tuple[Any, ...]

# Of all 5,102,536; the share, 40 %, is that of the original's later count.
_SENT_AND_SEND = 2_039_588
_FIRST_DAY = "2018-03-01"
_SECONDS = 235_440_000

MALFORMED = (
    "{", "}", '{"patient": "Ana"', '{"patient": }', "{'patient': 'Ana'}", '{"patient": "Ana",}', "None", "undefined",
    '{"price": 01}', '{"price": .5}', '{"ok": True}', '{"text": "line\nbreak"}', '{"a": 1} {"b": 2}', "[1, 2",
    '"unfinished', "{patient: 1}", '{"escape": "\\x41"}', "plain text",
)  # fmt: skip
CIRCULAR = (
    "{ order: [Circular] }",
    "<ref *1> { order: { self: [Circular *1] } }",
    '{"order": [Circular]}',
    "[ [Circular *1], [Circular *1] ]",
)
# No jsonb and no text can hold these escapes, though they are good JSON.
BAD_ESCAPES = (
    '{"name": "a\\u0000b"}',
    '{"name": "\\ud83d"}',
    '{"name": "\\ude00"}',
    '{"\\u0000": 1}',
    '{"name": "\\ud83dx"}',
    '["\\udc00\\ud800"]',
)
_MISSING = 12
# Odd, and good: each is published.
_SOUND = (
    "{}", "[]", "null", '"text"', "12", '{"name": "\\ud83d\\ude00"}', '{"name": "\\u00e9 \\\\u0000"}', '{"n": 1e400}',
    '{"a": 1, "a": 2}', '{"note": "[Circular]"}', ' {"padded": true} ', '{"price": 12345678901234567890.10}',
    '{"name": "Zoë 🦷", "quote": "\\"", "path": "C:\\\\u00"}',
)  # fmt: skip


def planted() -> list[Row]:
    """The rows that come first: every reason, and every odd value that is published."""
    instruction = (_order(1), content_types.INSTRUCTION)
    bad: list[tuple[str, str | None]] = [
        ("instruction_submitted", context) for context in (*MALFORMED, *CIRCULAR, *BAD_ESCAPES)
    ]
    bad += [("plan_ready", (None, "", "  ")[n % 3]) for n in range(_MISSING - 1)] + [("unlisted_template", None)]
    rows = [_row(name, context, item=instruction) for name, context in bad]
    rows += [_row("note_added", context, item=instruction) for context in _SOUND]
    # No context, and none needed.
    rows += [_row("weekly_digest", context) for context in (None, "", " ", "{}")]
    rows += [_row("unlisted_template", "{}")]
    # Recipients without a profile; the last was not to be sent.
    rows += [_row("payment_due", "{}", recipient=user) for user in WITHOUT_PROFILE[:3]]
    rows += [_row("payment_due", "{}", recipient=WITHOUT_PROFILE[3], send=False, sent=None)]
    # Instructions that became no order, one per cause, and one that never was.
    causes = (instructions.DELETED, instructions.WITHOUT_PATIENT, instructions.WITHOUT_DOCTOR)
    lost = [instruction_key(min(numbers)) for numbers in causes] + [999_999]
    rows += [_row("plan_ready", "{}", item=(key, content_types.INSTRUCTION)) for key in lost]
    # Numbers of instructions, but links to something else, or to nothing.
    for kind in (content_types.PATIENT, content_types.USER, content_types.FOREIGN_INSTRUCTION, 6, 7, 8, 9, 15, None):
        rows.append(_row("plan_ready", "{}", item=(_order(2), kind)))
    rows += [_row("plan_ready", "{}", item=(None, content_types.INSTRUCTION))]
    rows += [
        _row("plan_ready", "{}", item=instruction, send=send, sent=sent, read=read)
        for send in (True, False)
        for sent in (True, False, None)
        for read in (True, False)
    ]
    return [(key, instant(_FIRST_DAY, seconds=key), *row) for key, row in enumerate(rows, start=1)]


def _order(number: int) -> int:
    """Key of an instruction that became an order."""
    return next(instruction_key(n) for n in instructions.loaded_numbers() if n >= number)


def _row(
    template: str,
    context: str | None,
    *,
    item: tuple[int | None, int | None] = (None, None),
    recipient: int = PATIENT_USERS[0],
    send: bool = True,
    sent: bool | None = True,
    read: bool = False,
) -> Row:
    return "scheduler", template, context, read, *item, recipient, sent, send


PLANTED = len(planted())


def sent_and_send(rows: int) -> int:
    """How many of `rows` notifications were sent and to be sent."""
    return round(_SENT_AND_SEND * rows / NOTIFICATIONS)


def make_bulk(connection: psycopg.Connection, rows: int, seed: int) -> None:
    """Fill dispatch_notification after the planted rows.

    Args:
        connection: of the source's owner.
        rows: how many there are to be in all.
        seed: the plan's.
    """
    planted_sent = sum(1 for row in planted() if row[-1] and row[-2])
    _insert(connection, range(PLANTED + 1, rows + 1), sent_and_send(rows) - planted_sent, seed, _SECONDS / rows)


def add_bulk(connection: psycopg.Connection, first: int, rows: int, seed: int) -> None:
    """Add `rows` newer notifications from the key `first`."""
    _insert(connection, range(first, first + rows), sent_and_send(rows), seed, _SECONDS / first)


def _insert(connection: psycopg.Connection, keys: range, sent: int, seed: int, pace: float) -> None:
    """Each row follows from its key by multiplication, so that any number of rows is the same rows again.

    `place` is a permutation of the rows: the multiplier is a prime, and no number of rows is a multiple of it.
    """
    connection.execute(
        _BULK,
        {
            "first": keys.start,
            "last": keys.stop - 1,
            "rows": len(keys),
            "sent": sent,
            "seed": seed,
            "pace": pace,
            "first_day": _FIRST_DAY,
            "profiled": PATIENT_USERS.stop - 1 - len(WITHOUT_PROFILE),
            "unprofiled_first": WITHOUT_PROFILE.start,
            "unprofiled": len(WITHOUT_PROFILE),
            "patients": PATIENTS,
            "instructions": instructions.INSTRUCTIONS,
            "instruction_type": content_types.INSTRUCTION,
            "patient_type": content_types.PATIENT,
            "user_type": content_types.USER,
            "plan_type": content_types.key_of("plan"),
            "payment_type": content_types.key_of("payment"),
            "templates": list(TEMPLATES),
            "given": ["Ana", "Björn", "Chloé", "Dmitri", "Inés", "James", "Zoë"],
            "family": ["Müller", "O'Brien", "García", "Nuñez", "Brown", "Weiß"],
        },
    )


TEMPLATES = (
    "instruction_submitted",
    "instruction_approved",
    "instruction_shipped",
    "plan_ready",
    "payment_due",
    "note_added",
    "weekly_digest",
    "maintenance_notice",
)

# a, b: two numbers a row that no column shares with `place`. One row in 10,007 goes to somebody without a profile.
_BULK = """
insert into dispatch_notification
with numbered as (
    select
        id::integer as id,
        (id - %(first)s) * 2654435761 %% %(rows)s as place,
        ((id + %(seed)s * 7) * 1566083941 >> 7) %% 1000003 as a,
        ((id + %(seed)s * 13) * 362437069 >> 9) %% 999983 as b
    from generate_series(%(first)s::bigint, %(last)s) as id
),

drawn as (
    select
        *,
        %(templates)s::text[] as templates,
        case
            when a %% 20 < 12 then %(instruction_type)s
            when a %% 20 < 15 then %(patient_type)s
            when a %% 20 < 16 then %(plan_type)s
            when a %% 20 < 17 then %(payment_type)s
            when a %% 20 < 18 then %(user_type)s
        end as item_type_id,
        case when a %% 20 >= 18 then 7 + b %% 2 else 1 + b %% 6 end as template,
        a * 31 + b as c
    from numbered
)

select
    id,
    %(first_day)s::timestamptz + trunc(id * %(pace)s::float8) * interval '1 second' as created_at,
    (array['scheduler', 'production', 'billing'])[1 + b %% 3] as sender,
    templates[template] as template_name,
    case
        when template > 6 and b %% 2 = 0 then null
        else
            '{"patient": "' || (%(given)s::text[])[1 + a %% 7] || ' ' || (%(family)s::text[])[1 + b %% 6]
            || '", "number": "P' || lpad((c %% %(patients)s + 1)::text, 5, '0') || '-' || id
            || '", "urgent": ' || (b %% 10 = 0)::text || ', "days": ' || a %% 30 || '}'
    end as template_context,
    b %% 5 < 3 as read,
    case
        when item_type_id = %(instruction_type)s
            then (c %% %(instructions)s + 1 + (c %% %(instructions)s + 1) / 500)::integer
        when item_type_id is not null then (c %% 7000 + 1)::integer
    end as item_id,
    item_type_id,
    case
        when id %% 10007 = 0 then %(unprofiled_first)s + (b %% %(unprofiled)s)::integer
        else
            (1 + c %% %(profiled)s)::integer
            + case when 1 + c %% %(profiled)s >= %(unprofiled_first)s then %(unprofiled)s else 0 end
    end as recipient_id,
    case when place < %(sent)s then true when place %% 3 > 0 then false end as sent,
    place < %(sent)s or place %% 10 = 0 as send
from drawn
"""
