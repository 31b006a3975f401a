"""Stripe-based billing. Areas 11 and 12 read BillingProfile and write nothing here."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from sandbox.dtx2.docutrax_hierarchy.models import Account


class PaymentMethod(models.TextChoices):
    """How an Account pays."""

    STRIPE = "stripe"
    WIRE = "wire"
    CHECK = "check"
    ACH_DIRECT = "ach_direct"
    INVOICE = "invoice"
    COMPLIMENTARY = "complimentary"
    SPONSORED = "sponsored"


class BillingProfile(models.Model):
    """An Account's plan and way of paying."""

    class Plan(models.TextChoices):
        STARTER = "starter"
        PROFESSIONAL = "professional"
        ENTERPRISE = "enterprise"

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="billing_profile")
    payment_method = models.CharField(max_length=20, choices=PaymentMethod.choices, default=PaymentMethod.STRIPE)
    plan = models.CharField(max_length=20, choices=Plan.choices, default=Plan.STARTER)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.plan} by {self.payment_method}"


class Invoice(models.Model):
    """What an Account owes for a period."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        VOID = "void"

    billing_profile = models.ForeignKey(BillingProfile, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=50, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    due_on = models.DateField()
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.number


class Payment(models.Model):
    """Money received for an Invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    payment_method = models.CharField(max_length=20, choices=PaymentMethod.choices)
    paid_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.amount} for {self.invoice_id}"


class BillingEvent(models.Model):
    """A notice from the payment provider, kept as it came."""

    billing_profile = models.ForeignKey(BillingProfile, on_delete=models.CASCADE, related_name="events")
    event_type = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.event_type
