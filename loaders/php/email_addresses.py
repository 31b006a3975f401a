"""Which text is an e-mail address: what both email-validator and Django's EmailField take (reliability M7)."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# What Django asks of a domain beyond email-validator: labels of at most 63 characters of the basic plane between ASCII
# dots, and a last label of two or more letters (no digits) or in punycode.
_DJANGO_DOMAIN = re.compile(
    r"(?:[^.\U00010000-\U0010ffff]{1,63}\.)+(?:[A-Za-z\u00a1-\uffff-]{2,63}|[Xx][Nn]--[A-Za-z0-9]{1,59})"
)


# A reviewer recurs in many of an account's lists; 65,536 entries are about 10 MB.
@lru_cache(maxsize=65_536)
def is_email_address(text: str) -> bool:
    """Tell whether `text`, trimmed already, is an e-mail address that DTX 2.0 would store.

    Syntax only: no name is looked up. Non-ASCII is allowed in the domain, not before the @ (Django refuses it there);
    reserved domains (`.test`, `.local`, `.invalid`) and domains without a dot are no addresses.
    """
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return _DJANGO_DOMAIN.fullmatch(text.rpartition("@")[2]) is not None
