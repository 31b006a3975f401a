"""Where each column of DTX 1.0 goes: the column maps, and the pages of dbt's documentation that are made from them."""
