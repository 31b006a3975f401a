"""Permissions of the reference DTX 2.0, granted per user."""
