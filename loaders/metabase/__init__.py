"""`dtx metabase`: Metabase as code, from dbt's catalogue of what DTX 1.0 reported (`docs/reporting.md`)."""
