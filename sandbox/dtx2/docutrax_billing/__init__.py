"""Billing of the reference DTX 2.0; the migration only reads it."""
