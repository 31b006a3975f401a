"""Prepares a target database: schemas, ledger and each role's privileges, no more than the contracts name."""
