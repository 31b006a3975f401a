"""One page about a migration: what became of every row, by which decisions, and what is left to do."""
