"""Directory → Account → Record: who belongs to whom."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower


class Directory(models.Model):
    """A tenant of DTX 2.0; the service organisation of DTX 1.0's reports."""

    name = models.CharField(max_length=200, unique=True)
    settings = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "directories"

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """A customer: asks its Records for certificates and documents."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        ONBOARDING = "onboarding"
        SUSPENDED = "suspended"
        INACTIVE = "inactive"

    directory = models.ForeignKey(Directory, on_delete=models.PROTECT, related_name="accounts")
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    industry = models.CharField(max_length=100, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["directory", "status"])]

    def __str__(self) -> str:
        return self.name


class AccountEmail(models.Model):
    """An address that the Account's notices of one kind go to."""

    class EmailType(models.TextChoices):
        PRIMARY = "primary"
        BILLING = "billing"
        REVIEWER = "reviewer"
        NOTIFICATION = "notification"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="emails")
    email = models.EmailField()
    email_type = models.CharField(max_length=20, choices=EmailType.choices)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("email"), "email_type", name="account_email_once")]

    def __str__(self) -> str:
        return f"{self.email} ({self.email_type})"


class AccountMeta(models.Model):
    """Free key-value pairs of an Account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="meta")
    key = models.CharField(max_length=100)
    value = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="account_meta_key_once")]

    def __str__(self) -> str:
        return self.key


class Record(models.Model):
    """A vendor or tenant of an Account; the policyholder of DTX 1.0's reports."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        PENDING = "pending"
        INACTIVE = "inactive"
        ARCHIVED = "archived"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="records")
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    internal_id = models.CharField(max_length=100, blank=True, default="")
    internal_id1 = models.CharField(max_length=100, blank=True, default="")
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "status"]),
            models.Index(fields=["account", "internal_id"]),
        ]

    def __str__(self) -> str:
        return self.name
