"""The dispatch migration's source and target, and the answer key (contract: docs/dispatch.md)."""
