"""Departures from the requirements, and the history of evaluations."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sandbox.dtx2.docutrax_hierarchy.models import Record

from .requirements import COIRiskProfile, CoverageType, RequirementsGroup


class ManualOverride(models.Model):
    """A lasting exemption of a group from one coverage, or one item of it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REVOKED = "revoked"

    requirements_group = models.ForeignKey(RequirementsGroup, on_delete=models.CASCADE, related_name="manual_overrides")
    coi_risk_profile = models.ForeignKey(
        COIRiskProfile, null=True, blank=True, on_delete=models.SET_NULL, related_name="manual_overrides"
    )
    coverage_type = models.CharField(max_length=50, choices=CoverageType.choices)
    coverage_subtype = models.CharField(max_length=100, blank=True, default="")
    item_key = models.CharField(max_length=100, blank=True, default="")
    reason = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="approved_overrides"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["requirements_group", "coverage_type", "status"])]

    def __str__(self) -> str:
        return f"{self.coverage_type} of {self.requirements_group_id}"


class WaiverRequest(models.Model):
    """A Record's request to be let off a requirement."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        DENIED = "denied"

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="waiver_requests")
    coverage_type = models.CharField(max_length=50, choices=CoverageType.choices)
    justification = models.TextField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="decided_waivers"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.coverage_type} for {self.record_id}"


class AuditHistory(models.Model):
    """A snapshot of one evaluation of a Record."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="audit_history")
    snapshot = models.JSONField(default=dict)
    evaluated_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "audit histories"

    def __str__(self) -> str:
        return f"{self.record_id} at {self.evaluated_at}"
