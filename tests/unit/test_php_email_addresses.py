"""An address counts when both email-validator and Django's EmailField take it, and only then (reliability M7)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loaders.php.email_addresses import is_email_address

DJANGO_MAX_LENGTH = 254  # EmailField's
ACCEPTED = ["a@b.com", "O'Brien+x@Mail.Example.COM", "zoe@münchen.de", "a@xn--mnchen-3ya.de", "_@a-b.co", "1@2.museum"]
REFUSED = [
    "",
    "a",
    "@b.com",
    "a@",
    "a@b",
    "a@localhost",
    "a@b.c",
    "a@b.c0m",
    "a@b.123",
    "a@[127.0.0.1]",
    "a@corp.local",
    "a@x.test",
    "a b@c.com",
    " a@b.com",
    "a@b.com\n",
    "a@b.com, c@d.com",
    "a@b.com;c@d.com",
    "a@b.com\nc@d.com",
    "Bob <a@b.com>",
    "<a@b.com>",
    '"a"@b.com',
    "a..b@c.com",
    ".a@c.com",
    "a.@c.com",
    "zoé@b.com",
    "a@b@c.com",
    "a@b..com",
    "a@-b.com",
    "a@b-.com",
    "a@ab--c.com",
    "a@b_c.com",
    "a@b.com.",
    "a@" + "b" * 64 + ".com",
    "a@" + "b." * 125 + "com",
    "a" * 250 + "@b.com",
]
_CHARACTERS = st.sampled_from(
    list("abzAZ019.-_+@ \t\n,;\"'<>()[]\\!#") + list("é\u017f\u212a\u3002\uff0eß中\u05d0\u0660😀")
)
_LABELS = st.one_of(
    st.text(_CHARACTERS, max_size=6),
    st.sampled_from(
        ["com", "co", "c", "local", "xn--mnchen-3ya", "xn--fiqs8s", "b" * 63, "b" * 64, "ab--c", "münchen"]
    ),
)
_ADDRESSES = st.builds(
    lambda local_part, labels, dot: local_part + "@" + dot.join(labels),
    st.one_of(st.text(_CHARACTERS, max_size=8), st.sampled_from(["bob", "a.b", "a" * 64, "a" * 200])),
    st.lists(_LABELS, min_size=1, max_size=5),
    st.sampled_from([".", ".", ".", "\u3002"]),
)
# Mostly right: what the shortcut for plain addresses has to tell from what only looks plain.
_NEARLY_PLAIN = st.builds(
    lambda local_part, labels, top: f"{local_part}@{'.'.join(labels)}.{top}",
    st.text("aZ0.-_+'", min_size=1, max_size=5),
    st.lists(st.text("abX01-", min_size=1, max_size=5), min_size=1, max_size=3),
    st.sampled_from(
        ["com", "CO", "c", "c0m", "c-m", "test", "LOCAL", "arpa", "xn--p1ai", "xn--p-1", "\u0440\u0444", "a" * 64]
    ),
)


def both_accept(text: str) -> bool:
    try:
        EmailValidator()(text)
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except (ValidationError, EmailNotValidError):
        return False
    return len(text) <= DJANGO_MAX_LENGTH


@pytest.mark.parametrize("text", ACCEPTED)
def test_m7_addresses(text: str) -> None:
    assert is_email_address(text)
    assert both_accept(text)


@pytest.mark.parametrize("text", REFUSED)
def test_m7_no_addresses(text: str) -> None:
    assert not is_email_address(text)
    assert not both_accept(text)


@settings(max_examples=1_000, deadline=None)
@given(text=st.one_of(_ADDRESSES, _NEARLY_PLAIN))
@example(text="a" * 241 + "@münchen.de")
@example(text="a" * 236 + "@münchen.de")
@example(text="a" * 248 + "@b.com")
@example(text="a" * 249 + "@b.com")
@example(text="a@" + "b" * 63 + ".com")
@example(text="a@" + "b-" * 31 + "b.com")
@example(text="a@" + "b-" * 32 + "b.com")
@example(text="a@" + "b." * 124 + "com")
def test_m7_agrees_with_both_judges(text: str) -> None:
    assert is_email_address(text) == both_accept(text)
