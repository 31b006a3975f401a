"""What DTX 2.0 holds besides: rows that people made in the application, and those of its other apps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from sandbox.generator import compliance
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.generator.times import EPOCH
from sandbox.generator.world import UNBILLED, World

_ROWS = 12
_OVERRIDE = (
    *("requirements_group_id", "coi_risk_profile_id", "coverage_type", "coverage_subtype", "item_key", "reason"),
    *("expires_at", "approved_by_id", "approved_at", "status"),
)
_PAYMENT_METHODS = ("stripe", "wire", "check", "ach_direct", "invoice", "complimentary", "sponsored")


def fill(
    copier: PostgresCopier,
    world: World,
    account_meta: Iterable[tuple[int, str, str]],
    overrides: Iterable[Mapping[str, str | None]],
) -> None:
    """Copy the rows, after those of Areas 1 to 6.

    Args:
        copier: writes to DTX 2.0.
        world: the populations.
        account_meta: (account index, key, value) of the AccountMetas that planted cases need.
        overrides: the ManualOverrides that they need; all columns but times.
    """
    copier.copy(
        "public.docutrax_profiles_document",
        "account_id record_id file original_filename status needs_review uploaded_by_id created_by_id "
        "created updated metadata",
        _documents(world),
    )
    copier.copy(
        "public.docutrax_profiles_manualoverride",
        f"{' '.join(_OVERRIDE)} created updated",
        (
            *((*row, EPOCH, EPOCH) for row in _overrides(world)),
            *((*(each.get(column) for column in _OVERRIDE), EPOCH, EPOCH) for each in overrides),
        ),
    )
    copier.copy(
        "public.docutrax_hierarchy_accountmeta",
        "account_id key value created updated",
        (
            (world.accounts.target(at), key, value, EPOCH, EPOCH)
            for at, key, value in chain(_account_meta(world), account_meta)
        ),
    )
    compliance.fill(copier, world)
    _billing(copier, world)
    _others(copier, world)


def _documents(world: World) -> Iterator[tuple[Any, ...]]:
    for at in range(_ROWS):
        record = at % world.records.count
        account = world.accounts.target(world.account_of_record(record))
        yield (
            *(
                account,
                world.records.target(record),
                f"documents/2025/05/live-{at}.pdf",
                f"Live {at} ✓.pdf",
                "approved",
            ),
            *(False, None, world.users.target(at % world.users.count), EPOCH, EPOCH, '{"made_in": "app"}'),
        )


def _account_meta(world: World) -> Iterator[tuple[int, str, str]]:
    for at in range(world.accounts.count):
        for key in ("onboarding_note", "billing_contact"):
            yield at, key, f"set in the app for {at + 1}"


def _overrides(world: World) -> Iterator[tuple[Any, ...]]:
    for at in range(_ROWS):
        group = at % world.groups.count
        yield (
            *(world.groups.target(group), None, "GeneralLiability", "", "", "Approved in the app", None),
            *(world.users.target(at % world.users.count), EPOCH, "approved"),
        )


def _billing(copier: PostgresCopier, world: World) -> None:
    # The one Account without a BillingProfile is the last.
    accounts, count = world.accounts, world.extra_account(UNBILLED)
    profiles = copier.reserve("public.docutrax_billing_billingprofile", count)
    invoices = copier.reserve("public.docutrax_billing_invoice", count)
    copier.copy(
        "public.docutrax_billing_billingprofile",
        "id account_id payment_method plan stripe_customer_id created updated",
        (
            (
                *(profiles + at, accounts.target(at), _PAYMENT_METHODS[at % len(_PAYMENT_METHODS)]),
                *(("starter", "professional", "enterprise")[at % 3], f"cus_{at:08}", EPOCH, EPOCH),
            )
            for at in range(count)
        ),
    )
    copier.copy(
        "public.docutrax_billing_invoice",
        "id billing_profile_id number amount status due_on created",
        (
            (invoices + at, profiles + at, f"INV-{at:06}", f"{100 + at % 900}.50", "paid", "2025-06-30", EPOCH)
            for at in range(count)
        ),
    )
    copier.copy(
        "public.docutrax_billing_payment",
        "invoice_id amount payment_method paid_at",
        (
            (invoices + at, f"{100 + at % 900}.50", _PAYMENT_METHODS[at % len(_PAYMENT_METHODS)], EPOCH)
            for at in range(count)
        ),
    )
    copier.copy(
        "public.docutrax_billing_billingevent",
        "billing_profile_id event_type payload created",
        ((profiles + at, "invoice.paid", f'{{"number": "INV-{at:06}"}}', EPOCH) for at in range(_ROWS)),
    )


def _others(copier: PostgresCopier, world: World) -> None:
    copier.copy(
        "public.docutrax_profiles_waiverrequest",
        "record_id coverage_type justification status requested_at decided_by_id decided_at",
        (
            (world.records.target(at), "WorkersCompensation", "Sole proprietor", "pending", EPOCH, None, None)
            for at in range(_ROWS)
        ),
    )
    copier.copy(
        "public.docutrax_profiles_audithistory",
        "record_id snapshot evaluated_at",
        ((world.records.target(at), '{"compliant": true}', EPOCH) for at in range(_ROWS)),
    )
    copier.copy(
        "public.docutrax_utils_useractivitylog",
        "user_id method url ip_address user_agent payload created",
        (
            (world.users.target(at), "GET", f"https://dtx2.example.com/{at}", "192.0.2.7", "Mozilla/5.0", "{}", EPOCH)
            for at in range(_ROWS)
        ),
    )
    permissions = copier.reserve("public.permissions_permission", 2)
    copier.copy(
        "public.permissions_permission",
        "id resource action description",
        ((permissions + at, "reports", action, "Reporting") for at, action in enumerate(("read", "manage"))),
    )
    copier.copy(
        "public.permissions_userpermission",
        "user_id permission_id granted_at",
        ((world.users.target(at), permissions + at % 2, EPOCH) for at in range(_ROWS)),
    )
