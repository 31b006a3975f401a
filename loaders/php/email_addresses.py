"""Which text is an e-mail address: what both email-validator and Django's EmailField take (reliability M7)."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import EMAIL_MAX_LENGTH

# Before the @ both allow exactly a dot-atom of ASCII: Django no other character, email-validator no quotes by default.
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
# What Django asks of a domain beyond email-validator: labels of at most 63 characters of the basic plane between ASCII
# dots, and a last label of two or more letters (no digits) or in punycode.
_DJANGO_DOMAIN = re.compile(
    r"(?:[^.\U00010000-\U0010ffff]{1,63}\.)+(?:[A-Za-z\u00a1-\uffff-]{2,63}|[Xx][Nn]--[A-Za-z0-9]{1,59})"
)


def is_email_address(text: str) -> bool:
    """Tell whether `text`, trimmed already, is an e-mail address that DTX 2.0 would store.

    Syntax only: no name is looked up. Non-ASCII is allowed in the domain, not before the @ (Django refuses it there);
    reserved domains (`.test`, `.local`, `.invalid`) and domains without a dot are no addresses.
    """
    if len(text) > EMAIL_MAX_LENGTH:
        return False
    local_part, _, domain = text.rpartition("@")
    return _LOCAL_PART.fullmatch(local_part) is not None and len(local_part) <= _room_before(domain)


# email-validator takes 20 to 30 microseconds, nearly all for the domain, and domains recur: see benchmarks/decode.py.
@lru_cache(maxsize=65_536)
def _room_before(domain: str) -> int:
    """How many ASCII characters may stand before `@domain`, whichever form of it is longest; 0 if it is no domain."""
    if not _DJANGO_DOMAIN.fullmatch(domain):
        return 0
    try:
        address = validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return 0
    forms = (address.original, address.normalized, address.ascii_email or "")
    return EMAIL_MAX_LENGTH + len("a") - max(len(form.encode()) for form in forms)
