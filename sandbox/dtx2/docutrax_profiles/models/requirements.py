"""What an Account requires of a group of its Records."""

from __future__ import annotations

from django.db import models

from sandbox.dtx2.docutrax_hierarchy.models import Account, Record


class CoverageType(models.TextChoices):
    """The kinds of insurance coverage."""

    GENERAL_LIABILITY = "GeneralLiability"
    AUTO_LIABILITY = "AutoLiability"
    WORKERS_COMPENSATION = "WorkersCompensation"
    UMBRELLA_LIABILITY = "UmbrellaLiability"
    OTHER_COVERAGE = "OtherCoverage"
    PROPERTY_COVERAGE = "PropertyCoverage"


class COIRiskProfile(models.Model):
    """Insurance limits that a certificate (COI) is checked against."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="coi_risk_profiles")
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="coi_risk_profile_name_once")]

    def __str__(self) -> str:
        return self.name


class RequirementsGroup(models.Model):
    """Records of one Account that must meet the same requirements."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="requirements_groups")
    coi_risk_profile = models.ForeignKey(
        COIRiskProfile, null=True, blank=True, on_delete=models.SET_NULL, related_name="requirements_groups"
    )
    name = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class RequirementsGroupMember(models.Model):
    """A Record's place in a group; a Record may be in several."""

    requirements_group = models.ForeignKey(RequirementsGroup, on_delete=models.CASCADE, related_name="members")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="requirements_group_members")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["requirements_group", "record"], name="requirements_group_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.requirements_group_id}"


class DocRequirement(models.Model):
    """A document type that every Record of the group must bring, unless exempted."""

    requirements_group = models.ForeignKey(
        RequirementsGroup, on_delete=models.CASCADE, related_name="document_requirements"
    )
    document_type = models.CharField(max_length=100)
    is_exempted = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["requirements_group", "document_type"], name="doc_requirement_type_once")
        ]

    def __str__(self) -> str:
        return self.document_type
