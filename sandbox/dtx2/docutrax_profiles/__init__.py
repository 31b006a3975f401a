"""Requirements, files and exemptions of the reference DTX 2.0."""
