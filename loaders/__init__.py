"""Loaders of the DTX migration: replicate, decode, move files, publish, reconcile."""
