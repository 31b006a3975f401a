"""Which text is an e-mail address: what both email-validator and Django's EmailField take (reliability M7)."""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import EMAIL_MAX_LENGTH

# Addresses that both take beyond doubt, as nearly all are: a dot-atom, labels of letters, digits and single hyphens.
# email-validator needs 20 to 30 microseconds for one: benchmarks/decode.py took 19 processor seconds, and 4 with this.
_ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:[a-zA-Z0-9](?:-?[a-zA-Z0-9]){{0,31}}\.)+[a-zA-Z]{{2,63}}")
_RESERVED = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
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
    domain = text.rpartition("@")[2]
    if _PLAIN.fullmatch(text) and not f".{domain.lower()}".endswith(_RESERVED):
        return True
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return _DJANGO_DOMAIN.fullmatch(domain) is not None
