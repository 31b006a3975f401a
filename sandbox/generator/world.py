"""Who belongs to whom: the rows that Areas 1 to 6 left behind, by index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.generator.plan import Dice, Plan
from sandbox.generator.population import Population

# Bulk exemptions of one group: nine coverages and a document.
EXEMPTIONS_PER_GROUP = 10
RECORDS_PER_GROUP = 2
DOCUMENT_TYPES = ("W-9", "Business License", "Safety Manual")
# Groups and records beyond the regular ones, all of account 0, for the rules about several groups.
EXTRA_GROUPS = 4
LONER, TORN, DECIDED = range(3)
_EXTRA_RECORDS = 3
_EXTRA_MEMBERS = ((TORN, 0), (TORN, 1), (DECIDED, 2), (DECIDED, 3))
# Accounts beyond the regular ones, each with a Directory to itself: four for settings that are not as usual, and one
# that has no BillingProfile.
LIST_SETTINGS, LIST_OVERRIDES, NULL_OVERRIDES, TEXT_OVERRIDES, UNBILLED = range(5)
EXTRA_ACCOUNTS = 5
# Documents of Area 4 beyond the regular ones, for the rules about what their metadata hold already.
PLAIN, PROVENANCE, LIST_PROVENANCE, NULL_PROVENANCE, LIST_METADATA = range(5)
EXTRA_DOCUMENTS = 5
# Bulk rows a customer, and a vendor.
KEYWORDS_PER_ACCOUNT = 10
FORM_FIELDS_PER_RECORD = 5


@dataclass(frozen=True)
class World:
    """The populations, and how they hang together.

    Group g holds records 2g and 2g + 1, and requirements g name it; the extra records come last.
    """

    plan: Plan
    users: Population
    directories: Population
    accounts: Population
    records: Population
    groups: Population
    risk_profiles: Population
    document_requirements: Population
    certificates: Population
    documents: Population

    def dice(self, name: str) -> Dice:
        """The dice of one table."""
        return Dice(self.plan.seed, name)

    @property
    def regular_accounts(self) -> int:
        """How many accounts have a Directory as usual."""
        return self.accounts.count - EXTRA_ACCOUNTS

    def extra_account(self, which: int) -> int:
        """Index of an extra account, such as LIST_SETTINGS."""
        return self.regular_accounts + which

    def directory_of_account(self, account: int) -> int:
        """Index of an account's Directory."""
        regular = self.directories.count - EXTRA_ACCOUNTS
        extra = account - self.regular_accounts
        return account % regular if extra < 0 else regular + extra

    @property
    def regular_documents(self) -> int:
        """How many of Area 4's Documents the bulk of repo_files is linked to."""
        return self.documents.count - EXTRA_DOCUMENTS

    def extra_document(self, which: int) -> int:
        """Index of an extra Document, such as PROVENANCE."""
        return self.regular_documents + which

    @property
    def regular_groups(self) -> int:
        """How many groups have two records of their own."""
        return self.groups.count - EXTRA_GROUPS

    def account_of_group(self, group: int) -> int:
        """Index of a group's account."""
        return group % self.accounts.count if group < self.regular_groups else 0

    def account_of_record(self, record: int) -> int:
        """Index of a record's account."""
        return self.account_of_group(min(record // RECORDS_PER_GROUP, self.regular_groups))

    def members_of(self, group: int) -> list[int]:
        """Indexes of a group's records."""
        if group < self.regular_groups:
            return [RECORDS_PER_GROUP * group, RECORDS_PER_GROUP * group + 1]
        return [self.extra_record(which) for which, extra in _EXTRA_MEMBERS if extra == group - self.regular_groups]

    def extra_group(self, which: int) -> int:
        """Index of an extra group."""
        return self.regular_groups + which

    def extra_record(self, which: int) -> int:
        """Index of LONER (in no group), TORN or DECIDED (in two groups each)."""
        return RECORDS_PER_GROUP * self.regular_groups + which

    def risk_profile_of_group(self, group: int) -> int:
        """Index of a group's COIRiskProfile; another than the group's, so that their ids differ."""
        return self.groups.count - 1 - group

    def document_requirement(self, group: int, document_type: int) -> int:
        """Index of a group's DocRequirement; the type is an index of DOCUMENT_TYPES."""
        return group * len(DOCUMENT_TYPES) + document_type

    def legacy_requirements(self, group: int) -> int:
        """requirements_id that Area 6 mapped to the group and its risk profile."""
        return self.groups.legacy(group)


def build(plan: Plan, planted_groups: int, reserve: Callable[[str, int], int]) -> World:
    """Size the populations to the plan and draw their ids.

    Args:
        plan: the plan.
        planted_groups: groups that planted exemptions need for themselves.
        reserve: draws ids of a table: (table, count) -> first id.
    """
    files, exemptions, reviewers = (plan.rows_of(table) for table in ("repo_file", "exemption", "reviewer_address"))
    records = plan.rows_of("form_field") // FORM_FIELDS_PER_RECORD
    groups = planted_groups + max(exemptions // EXEMPTIONS_PER_GROUP, files // 50, -(-records // RECORDS_PER_GROUP), 4)
    accounts = max(groups // 20, reviewers // 10, plan.rows_of("keyword") // KEYWORDS_PER_ACCOUNT, 20) + EXTRA_ACCOUNTS

    def population(table: str, count: int) -> Population:
        return Population(f"public.{table}", count, reserve(f"public.{table}", count))

    return World(
        plan=plan,
        users=population("auth_user", max(accounts // 2, 40)),
        directories=population("docutrax_hierarchy_directory", max(accounts // 10, 3) + EXTRA_ACCOUNTS),
        accounts=population("docutrax_hierarchy_account", accounts),
        records=population("docutrax_hierarchy_record", RECORDS_PER_GROUP * groups + _EXTRA_RECORDS),
        groups=population("docutrax_profiles_requirementsgroup", groups + EXTRA_GROUPS),
        risk_profiles=population("docutrax_profiles_coiriskprofile", groups + EXTRA_GROUPS),
        document_requirements=population(
            "docutrax_profiles_docrequirement", (groups + EXTRA_GROUPS) * len(DOCUMENT_TYPES)
        ),
        certificates=population("docutrax_profiles_certificate", max(files // 5, 20)),
        documents=population("docutrax_profiles_document", max(files // 10, 20) + EXTRA_DOCUMENTS),
    )
