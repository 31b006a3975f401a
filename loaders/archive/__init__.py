"""The archive: every legacy table as exact CSV, compressed, encrypted, proven by reading back, and restorable."""
