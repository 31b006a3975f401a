"""Fills DTX 2.0 with what Areas 1 to 6 left: users, accounts, records, requirements, files, and their id maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.generator import names, times
from sandbox.generator.population import REJECTED, SKIPPED, Population
from sandbox.generator.postgres_copy import PostgresCopier
from sandbox.generator.times import EPOCH
from sandbox.generator.world import DOCUMENT_TYPES, World

_ID_MAP = "entity source_key legacy_key target_table target_id area state recorded_at"
_PASSWORD = "!unusable"


@dataclass(frozen=True)
class DocumentState:
    """How a DocRequirement is before the migration."""

    document_type: str
    is_exempted: bool = False
    note: str = ""
    metadata: str = "{}"


@dataclass(frozen=True)
class FileMark:
    """What Area 4 noted about one repo_file: migrated to a row of its own, or rejected."""

    repo_file_id: int
    target_table: str
    target_id: int | None


@dataclass(frozen=True)
class Before:
    """What planted cases need to be there before the migration.

    Args:
        account_emails: (account index, address, email_type) of Area 2's AccountEmails.
        directory_settings: Directory index -> settings, as JSON text.
        internal_ids: Record index -> internal_id and internal_id1.
        document_states: DocRequirement index -> state, where it is not the usual one.
        document_metadata: Document index -> metadata, as JSON text.
        file_marks: Area 4's marks on repo_files.
    """

    account_emails: Iterable[tuple[int, str, str]]
    directory_settings: Callable[[int], str]
    internal_ids: Callable[[int], tuple[str, str]]
    document_states: Mapping[int, DocumentState]
    document_metadata: Callable[[int], str]
    file_marks: Iterable[FileMark]


def fill(copier: PostgresCopier, world: World, before: Before) -> None:
    """Copy all rows and maps.

    Args:
        copier: writes to DTX 2.0.
        world: the populations.
        before: what planted cases ask for.
    """
    _hierarchy(copier, world, before)
    _requirements(copier, world, before.document_states)
    _files(copier, world, before.document_metadata)
    copier.copy("migration.id_map", _ID_MAP, _maps(world))
    copier.copy("migration.id_map", _ID_MAP, map(_file_map, before.file_marks))


def _hierarchy(copier: PostgresCopier, world: World, before: Before) -> None:
    copier.copy(
        "public.auth_user",
        "id password is_superuser username first_name last_name email is_staff is_active date_joined",
        _users(world),
    )
    copier.copy(
        "public.docutrax_hierarchy_directory",
        "id name settings created updated",
        (
            (world.directories.target(at), f"Directory {at + 1}", before.directory_settings(at), EPOCH, EPOCH)
            for at in range(world.directories.count)
        ),
    )
    copier.copy(
        "public.docutrax_hierarchy_account",
        "id directory_id name status industry created updated",
        _accounts(world),
    )
    copier.copy(
        "public.docutrax_hierarchy_accountemail",
        "account_id email email_type created",
        ((world.accounts.target(account), email, kind, EPOCH) for account, email, kind in before.account_emails),
    )
    copier.copy(
        "public.docutrax_hierarchy_record",
        "id account_id name status internal_id internal_id1 contact_name contact_email contact_phone created updated",
        _records(world, before.internal_ids),
    )


def _users(world: World) -> Iterator[tuple[Any, ...]]:
    dice = world.dice("user")
    for at in range(world.users.count):
        first, last = names.person(dice, at, 0)
        yield (
            *(world.users.target(at), _PASSWORD, at == 0, f"user{at + 1}", first, last, names.address(dice, at, 0)),
            *(at < 3, at % 17 != 5, EPOCH),
        )


def _accounts(world: World) -> Iterator[tuple[Any, ...]]:
    dice = world.dice("account")
    for at in range(world.accounts.count):
        directory = world.directories.target(world.directory_of_account(at))
        status = ("active", "active", "active", "onboarding", "suspended", "inactive")[dice.roll(at, 3, 6)]
        industry = ("Construction", "Real Estate", "")[dice.roll(at, 4, 3)]
        yield world.accounts.target(at), directory, names.firm(dice, at, 0), status, industry, EPOCH, EPOCH


def _records(world: World, internal_ids: Callable[[int], tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    dice = world.dice("record")
    for at in range(world.records.count):
        status = ("active", "active", "pending", "inactive", "archived")[dice.roll(at, 3, 5)]
        contact = " ".join(names.person(dice, at, 4))
        yield (
            *(world.records.target(at), world.accounts.target(world.account_of_record(at)), names.firm(dice, at, 0)),
            *(status, *internal_ids(at), contact, names.address(dice, at, 6)),
            *(f"+1 212 555 {at % 10000:04}", EPOCH, EPOCH),
        )


def _requirements(copier: PostgresCopier, world: World, document_states: Mapping[int, DocumentState]) -> None:
    groups = range(world.groups.count)
    copier.copy(
        "public.docutrax_profiles_coiriskprofile",
        "id account_id name is_active created updated",
        ((_profile(world, g), _account_of(world, g), f"Risk profile {g + 1}", True, EPOCH, EPOCH) for g in groups),
    )
    copier.copy(
        "public.docutrax_profiles_requirementsgroup",
        "id account_id coi_risk_profile_id name created updated",
        (
            (world.groups.target(g), _account_of(world, g), _profile(world, g), f"Requirements {g + 1}", EPOCH, EPOCH)
            for g in groups
        ),
    )
    copier.copy(
        "public.docutrax_profiles_requirementsgroupmember",
        "requirements_group_id record_id created",
        (
            (world.groups.target(group), world.records.target(record), EPOCH)
            for group in groups
            for record in world.members_of(group)
        ),
    )
    copier.copy(
        "public.docutrax_profiles_docrequirement",
        "id requirements_group_id document_type is_exempted note metadata created updated",
        _document_requirements(world, document_states),
    )


def _document_requirements(world: World, document_states: Mapping[int, DocumentState]) -> Iterator[tuple[Any, ...]]:
    exempted_in_the_app = DocumentState(DOCUMENT_TYPES[2], is_exempted=True, note="Exempted in the app")
    usual = [DocumentState(document_type) for document_type in DOCUMENT_TYPES]
    for group in range(world.groups.count):
        for at, state in enumerate(usual):
            index = world.document_requirement(group, at)
            default = exempted_in_the_app if at == 2 and group % 10 == 3 else state
            found = document_states.get(index, default)
            yield (
                *(world.document_requirements.target(index), world.groups.target(group), found.document_type),
                *(found.is_exempted, found.note, found.metadata, EPOCH, EPOCH),
            )


def _account_of(world: World, group: int) -> int:
    return world.accounts.target(world.account_of_group(group))


def _profile(world: World, group: int) -> int:
    return world.risk_profiles.target(world.risk_profile_of_group(group))


def _files(copier: PostgresCopier, world: World, document_metadata: Callable[[int], str]) -> None:
    copier.copy(
        "public.docutrax_profiles_certificate",
        "id record_id file original_filename status carrier_name certificate_date "
        "general_liability_expires_on auto_liability_expires_on workers_compensation_expires_on "
        "umbrella_liability_expires_on property_expires_on earliest_expires_on compliance_status "
        "compliance_evaluated_at non_compliance_reasons created_by_id created updated",
        _certificates(world),
    )
    copier.copy(
        "public.docutrax_profiles_document",
        "id account_id record_id file original_filename status needs_review uploaded_by_id "
        "created_by_id created updated metadata",
        _documents(world, document_metadata),
    )


def _certificates(world: World) -> Iterator[tuple[Any, ...]]:
    dice = world.dice("certificate")
    for at in range(world.certificates.count):
        compliant = dice.roll(at, 0, 3) > 0
        expiries = [times.day(dice, at, lane, 2022 if dice.roll(at, 9, 4) == 0 else 2036, 2) for lane in range(1, 6)]
        yield (
            *(world.certificates.target(at), world.records.target(at * 7 % world.records.count)),
            *(f"certificates/2025/06/{at:08}.pdf", names.file(dice, at, 10), ("approved", "rejected")[not compliant]),
            *(("Zürich", "AIG", "Chubb", "The Hartford")[dice.roll(at, 12, 4)], times.day(dice, at, 13, 2020, 3)),
            *(*expiries, min(expiries), ("compliant", "non_compliant")[not compliant], EPOCH),
            *("[]" if compliant else '["GL limit too low"]', world.users.target(at % world.users.count), EPOCH, EPOCH),
        )


def _documents(world: World, document_metadata: Callable[[int], str]) -> Iterator[tuple[Any, ...]]:
    dice = world.dice("document")
    for at in range(world.documents.count):
        record = at * 5 % world.records.count
        account, record_id = world.accounts.target(world.account_of_record(record)), world.records.target(record)
        yield (
            *(world.documents.target(at), account, record_id, f"documents/2025/06/{at:08}.pdf"),
            *(names.file(dice, at, 0), ("approved", "processing", "rejected")[dice.roll(at, 2, 3)], False, record_id),
            *(world.users.target(at % world.users.count), EPOCH, EPOCH, document_metadata(at)),
        )


def _maps(world: World) -> Iterator[tuple[Any, ...]]:
    kinds: tuple[tuple[str, str, Population], ...] = (
        ("user", "1", world.users),
        ("account", "2", world.accounts),
        ("record", "3", world.records),
        ("certificate", "4", world.certificates),
        ("document", "4", world.documents),
    )
    for entity, area, population in kinds:
        for at in range(population.count):
            yield _map(
                entity, area, population.legacy(at), population.target_table, population.target(at), state="migrated"
            )
        yield _map(entity, area, REJECTED, population.target_table, None, state="rejected")
        yield _map(entity, area, SKIPPED, population.target_table, None, state="skipped")
    # One requirements_id stands for a group and its risk profile: two rows each.
    group_table, profile_table = world.groups.target_table, world.risk_profiles.target_table
    for group in range(world.groups.count):
        legacy = world.legacy_requirements(group)
        yield _map("requirements", "6", legacy, group_table, world.groups.target(group), state="migrated")
        yield _map("requirements", "6", legacy, profile_table, _profile(world, group), state="migrated")
    for table in (group_table, profile_table):
        yield _map("requirements", "6", REJECTED, table, None, state="rejected")
        yield _map("requirements", "6", SKIPPED, table, None, state="skipped")


def _map(entity: str, area: str, legacy: int, table: str, target: int | None, *, state: str) -> tuple[Any, ...]:
    return entity, legacy, legacy, table, target, area, state, EPOCH


def _file_map(mark: FileMark) -> tuple[Any, ...]:
    state = "rejected" if mark.target_id is None else "migrated"
    return _map("repo_file", "4", mark.repo_file_id, mark.target_table, mark.target_id, state=state)
