"""Whether each link of the published rows leads to the row that the source names.

An inner join and a foreign key make orphans impossible, and say nothing of links to the wrong row: so each link is
followed back to its legacy key, and that key is read once more from the raw text, past the models.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Link:
    """A column of a target table that names a row of another.

    Attributes:
        source_table: whose rows became the target's rows.
        parent_key: the parent's column with its legacy key.
        named_by: SQL over `raw`, the source row, for the legacy key that the source names; NULL where it names none.
        joins: SQL that `named_by` needs after `raw`.
        first_load_checked: whether the first load's report had a check of it.
    """

    source_table: str
    table: str
    column: str
    parent: str
    parent_key: str
    named_by: str
    joins: str = ""
    first_load_checked: bool = False


# The patient of a payment: instruction, patient, user. A note names no group: all went to the doctors' team.
_PATIENT = (
    "left join raw_dispatch.dispatch_instruction as instruction on raw.instruction_id = instruction.id"
    " left join raw_dispatch.dispatch_patient as patient on instruction.patient_id = patient.id"
)
_DOCTORS = "left join raw_dispatch.auth_group as doctors on doctors.name = 'Doctor'"
_ITEM = "left join raw_dispatch.django_content_type as kind on raw.item_type_id = kind.id"
_INSTRUCTION = "case when kind.app_label = 'dispatch' and kind.model = 'instruction' then raw.item_id end"

LINKS = (
    Link(
        "dispatch_payment", "payments", "order_id", "orders", "legacy_instruction_id", "raw.instruction_id",
        first_load_checked=True,
    ),
    Link("dispatch_payment", "payments", "patient_id", "profiles", "legacy_user_id", "patient.user_id", _PATIENT),
    Link(
        "dispatch_operation", "payment_operations", "payment_id", "payments", "legacy_payment_id", "raw.payment_id",
        first_load_checked=True,
    ),
    Link(
        "dispatch_template_products", "template_products", "template_id", "templates", "legacy_template_id",
        "raw.template_id", first_load_checked=True,
    ),
    Link(
        "dispatch_template_products", "template_products", "product_id", "products", "legacy_product_id",
        "raw.product_id",
    ),
    Link(
        "dispatch_template_view_groups", "template_view_groups", "template_id", "templates", "legacy_template_id",
        "raw.template_id",
    ),
    Link("auth_user", "technicians", "profile_id", "profiles", "legacy_user_id", "raw.id"),
    Link(
        "dispatch_instruction", "shipments", "order_id", "orders", "legacy_instruction_id", "raw.id",
        first_load_checked=True,
    ),
    Link(
        "dispatch_note", "team_communications", "team_id", "teams", "legacy_group_id", "doctors.id", _DOCTORS,
        first_load_checked=True,
    ),
    Link("dispatch_note", "team_communications", "author_id", "profiles", "legacy_user_id", "raw.author_id"),
    Link("dispatch_notification", "notifications", "recipient_id", "profiles", "legacy_user_id", "raw.recipient_id"),
    Link("dispatch_notification", "notifications", "order_id", "orders", "legacy_instruction_id", _INSTRUCTION, _ITEM),
)  # fmt: skip

# Rows that this migration published, each with the source row that it is made of. Where either is gone, reconcile says
# so: those are losses, and no links.
_CHECK = """
select
    count(*),
    count(*) filter (where target.{column} is not null),
    count(*) filter (where target.{column} is null and {named_by} is null),
    count(*) filter (where target.{column} is null and {named_by} is not null),
    count(*) filter (where target.{column} is not null and parent.id is null),
    count(*) filter (where parent.id is not null and parent.{parent_key}::text is distinct from {named_by})
from migration.id_map
inner join public.{table} as target on target.id = id_map.target_id::uuid
inner join raw_dispatch.{source_table} as raw on raw.id = id_map.source_key
left join public.{parent} as parent on parent.id = target.{column}
{joins}
where id_map.entity = {entity} and id_map.target_table = {target_table}
    and id_map.state = 'migrated' and id_map.batch_id is not null
"""


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """What was found of a link.

    Attributes:
        rows: published rows; `linked + none_named + unresolved`.
        linked: rows with a parent.
        none_named: rows without one whose source row names none either.
        unresolved: rows without one whose source row names one, which the target lacks.
        orphans: linked rows whose parent does not exist.
        wrong: linked rows whose parent is not the one that the source row names.
    """

    link: Link
    rows: int
    linked: int
    none_named: int
    unresolved: int
    orphans: int
    wrong: int

    @property
    def is_right(self) -> bool:
        """Every link that there is leads to the row that the source names."""
        return self.orphans == 0 and self.wrong == 0


def check_links(connection: psycopg.Connection) -> list[LinkCheck]:
    """Follow every link of every published row.

    Args:
        connection: of a role that reads the raw layer, the ledger and the target.
    """
    return [LinkCheck(link, *row) for link in LINKS for row in connection.execute(_query(link))]


def _query(link: Link) -> sql.Composed:
    return sql.SQL(_CHECK).format(
        column=sql.Identifier(link.column),
        named_by=sql.SQL(link.named_by),
        parent_key=sql.Identifier(link.parent_key),
        table=sql.Identifier(link.table),
        parent=sql.Identifier(link.parent),
        source_table=sql.Identifier(link.source_table),
        joins=sql.SQL(link.joins),
        entity=sql.Literal(link.source_table),
        target_table=sql.Literal(f"public.{link.table}"),
    )
