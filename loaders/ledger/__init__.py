"""The ledger: schema `migration`, which outlives the migration and proves what became of every row."""
