"""Permissions by resource and action."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Permission(models.Model):
    """Leave to do one thing with one kind of resource, such as 'read' for 'reports'."""

    class Action(models.TextChoices):
        READ = "read"
        MANAGE = "manage"

    resource = models.SlugField(max_length=50)
    action = models.CharField(max_length=20, choices=Action.choices)
    description = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "action"], name="permission_once")]

    def __str__(self) -> str:
        return f"{self.resource}:{self.action}"


class UserPermission(models.Model):
    """A permission granted to a user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="granted_permissions")
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "permission"], name="user_permission_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.permission_id}"
