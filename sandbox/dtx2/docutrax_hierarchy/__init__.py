"""Directories, Accounts and Records of the reference DTX 2.0."""
