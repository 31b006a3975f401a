"""Uploaded files: documents, and certificates with what was read from them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from sandbox.dtx2.docutrax_hierarchy.models import Account, Record


class Document(models.Model):
    """An uploaded file that is no certificate, or not yet known to be one."""

    class Status(models.TextChoices):
        NEW = "new"
        PROCESSING = "processing"
        APPROVED = "approved"
        REJECTED = "rejected"
        EXPIRED = "expired"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="documents")
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.CASCADE, related_name="documents")
    file = models.FileField(upload_to="documents/%Y/%m/", max_length=100)
    original_filename = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NEW)
    needs_review = models.BooleanField(default=False)
    uploaded_by = models.ForeignKey(
        Record, null=True, blank=True, on_delete=models.SET_NULL, related_name="uploaded_documents"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="created_documents"
    )
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(auto_now=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "status"]),
            models.Index(fields=["record", "status"]),
        ]

    def __str__(self) -> str:
        return self.original_filename


class Certificate(models.Model):
    """A certificate of insurance (COI) and the outcome of its evaluation."""

    class Status(models.TextChoices):
        NEW = "new"
        PROCESSING = "processing"
        APPROVED = "approved"
        REJECTED = "rejected"
        EXPIRED = "expired"

    class Compliance(models.TextChoices):
        PENDING = "pending"
        COMPLIANT = "compliant"
        NON_COMPLIANT = "non_compliant"
        WAIVED = "waived"

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="certificates")
    file = models.FileField(upload_to="certificates/%Y/%m/", max_length=100)
    original_filename = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NEW)
    carrier_name = models.CharField(max_length=200, blank=True)
    certificate_date = models.DateField(null=True, blank=True)
    general_liability_expires_on = models.DateField(null=True, blank=True)
    auto_liability_expires_on = models.DateField(null=True, blank=True)
    workers_compensation_expires_on = models.DateField(null=True, blank=True)
    umbrella_liability_expires_on = models.DateField(null=True, blank=True)
    property_expires_on = models.DateField(null=True, blank=True)
    earliest_expires_on = models.DateField(null=True, blank=True, db_index=True)
    compliance_status = models.CharField(max_length=20, choices=Compliance.choices, default=Compliance.PENDING)
    compliance_evaluated_at = models.DateTimeField(null=True, blank=True)
    non_compliance_reasons = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="created_certificates"
    )
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["record", "compliance_status"])]

    def __str__(self) -> str:
        return self.original_filename
