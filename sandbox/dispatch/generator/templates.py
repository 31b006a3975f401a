"""Courses, products, templates, and the junctions between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sandbox.dispatch.generator.plan import GROUP_ID, Tables
from sandbox.generator.plan import Dice

TEMPLATES = 152
_CATEGORIES = 42
# Key, name, type: the two codings of courses differ for the last four.
_COURSES = (
    (1, "Main", 1),
    (2, "Refinement", 2),
    (3, "Replacement", 4),
    (4, "Any", 3),
    (7, "Invoice", 5),
    (8, "Merchandise", 6),
)
# Key, name, course, deleted. Only product 3 has the number of its course; neither 7 nor 8 is alive.
_PRODUCTS = (
    (1, "Aligners, refinement", 2, False),
    (2, "Aligners, full", 1, False),
    (3, "Replacement aligner", 3, False),
    (4, "Brackets, full", 1, False),
    (5, "Planning fee", 7, False),
    (6, "Brackets, refinement", 2, False),
    (7, "Shipping fee", 7, True),
    (8, "Sample box", 8, True),
    (9, "Rush fee", 7, False),
    (10, "Indirect bonding, full", 1, False),
    (11, "Scan fee", 7, False),
    (12, "Replacement bracket", 3, False),
)
# How many rows of the junction have which products, and the template they start at: 93 of courses 1 to 3, 68 of
# course 7, 5 deleted. The starts keep two products of a course out of one template.
_PRODUCT_ROWS = (((2, 4, 10), 55, 3), ((1, 6), 27, 2), ((3, 12), 11, 2), ((5, 9, 11), 68, 60), ((7, 8), 5, 100))
_GROUP_ROWS = (("Technician", 92), ("Master", 48), ("Sales", 25), ("Doctor", 18))
_VIEW_ROLES, _EDIT_ROLES, _PREDECESSORS = 1036, 603, 191


def generate(seed: int, role_keys: list[int]) -> Tables:
    """Every table of the catalogue.

    Args:
        seed: the plan's.
        role_keys: keys of dispatch_role.
    """
    dice = Dice(seed, "templates")
    return {
        "dispatch_course": [(*course, "{}") for course in _COURSES],
        "dispatch_product": [
            (
                key, name, None if key % 4 == 0 else f"{name}.", name.endswith("fee"), deleted,
                "{broken" if key == 6 else '{"color": "clear"}', course, False, course,
            )
            for key, name, course, deleted in _PRODUCTS
        ],
        "dispatch_category": [(key, f"Category {key}", key // 6 or None) for key in range(1, _CATEGORIES + 1)],
        "dispatch_template": [
            (
                key, f"Task {key}", f"Do task {key}", f"Text {key}" if key % 3 else "", f"task_{key}", int(key % 8 > 0),
                15 * (1 + dice.roll(key, 0, 12)), key % _CATEGORIES + 1 if key % 10 else None, key % 5 == 0,
                key % 25 == 0, "[]", "[]", "",
            )
            for key in range(1, TEMPLATES + 1)
        ],
        "dispatch_template_products": _numbered(_product_pairs()),
        "dispatch_template_view_groups": _numbered(
            (template * 5 % TEMPLATES + 1, GROUP_ID[group]) for group, rows in _GROUP_ROWS for template in range(rows)
        ),
        "dispatch_template_view_roles": _numbered(_spread(role_keys, _VIEW_ROLES, 7)),
        "dispatch_template_edit_roles": _numbered(_spread(role_keys, _EDIT_ROLES, 11)),
        "dispatch_template_predecessors": _numbered(
            islice(
                ((later, later - back) for back in (1, 2) for later in range(back + 1, TEMPLATES + 1)), _PREDECESSORS
            )
        ),
    }  # fmt: skip


def _product_pairs() -> Iterator[tuple[int, int]]:
    """Template and product; a template has at most one product of a course."""
    for products, rows, start in _PRODUCT_ROWS:
        for row in range(rows):
            yield (row * 7 + start) % TEMPLATES + 1, products[row % len(products)]


def _spread(others: list[int], count: int, step: int) -> Iterator[tuple[int, int]]:
    for row in range(count):
        yield row % TEMPLATES + 1, others[(row // TEMPLATES * step + row) % len(others)]


def _numbered(pairs: Iterator[tuple[int, int]]) -> list[tuple[int, int, int]]:
    # Keys have gaps, so that no junction's key is the number of its row.
    return [(number + number // 20, *pair) for number, pair in enumerate(pairs, start=1)]
