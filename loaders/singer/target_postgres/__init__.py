"""`target-postgres`: loads streams into the raw layer, each in one transaction."""
