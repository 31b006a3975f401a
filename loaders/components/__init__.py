"""The dispatch migration by component: what was selected, published and rejected, and whether its links are right."""
