"""Activity log and maintenance commands of the reference DTX 2.0."""
