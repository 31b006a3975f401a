"""Names of people, firms and files, with the characters that break pipelines."""

from __future__ import annotations

from sandbox.generator.plan import Dice

_FIRST = ("Ana", "Björn", "Chloé", "Dmitri", "Eileen", "Francisco", "Grace", "Håkon", "Inés", "James", "Zoë", "O'Neil")
_LAST = ("Müller", "O'Brien", "García", "Smith-Jones", "Nuñez", "Lefèvre", "Ångström", "Brown", "da Silva", "Weiß")
_TRADE = (
    "Roofing",
    "Electric",
    "Plumbing & Heating",
    "Café",
    "Cleaning",
    "Masonry",
    "Elevator",
    "Landscaping",
    "Glass",
)
_FORM = ("LLC", "Inc.", "& Sons", "Co.", "GmbH", "S.à r.l.", "Corp", "Partners, LP")
_STEM = ("COI", "Certificate of Insurance", "W-9", "Lease", "acord25", "scan", "Résumé des garanties", "Versicherung ö")
_SUFFIX = (".pdf", ".PDF", ".tif", ".jpg", ".docx", " (1).pdf")


def person(dice: Dice, row: int, lane: int) -> tuple[str, str]:
    """First and last name; both fit latin1."""
    return _FIRST[dice.roll(row, lane, len(_FIRST))], _LAST[dice.roll(row, lane + 1, len(_LAST))]


def firm(dice: Dice, row: int, lane: int) -> str:
    """A firm's name, unlike any other row's; fits latin1."""
    owner = _LAST[dice.roll(row, lane, len(_LAST))]
    trade = _TRADE[dice.roll(row, lane + 1, len(_TRADE))]
    return f"{owner} {trade} {_FORM[dice.roll(row, lane + 2, len(_FORM))]} {row + 1}"


def file(dice: Dice, row: int, lane: int) -> str:
    """A file's name."""
    return f"{_STEM[dice.roll(row, lane, len(_STEM))]} {row}{_SUFFIX[dice.roll(row, lane + 1, len(_SUFFIX))]}"


def address(dice: Dice, row: int, lane: int) -> str:
    """An e-mail address, unlike any other row's; of a domain that is reserved for examples."""
    first, last = person(dice, row, lane)
    domain = _TRADE[dice.roll(row, lane + 2, len(_TRADE))].split()[0]
    return f"{first}.{last}.{row}@{domain}.example.com".lower().translate(_PLAIN)


_PLAIN = str.maketrans("öéåëüíñèß", "oeaeuines", "' ")
