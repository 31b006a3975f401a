"""Activity of users, request by request."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class UserActivityLog(models.Model):
    """One HTTP request of a user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="activity"
    )
    method = models.CharField(max_length=10)
    url = models.URLField(max_length=2000)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.TextField(blank=True)
    payload = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
