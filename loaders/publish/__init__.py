"""Publishes what the models built into the application's tables, batch by batch, and takes it back."""
