"""What people read before they run: contracts, the legacy server's columns, decisions and the preflight models."""
