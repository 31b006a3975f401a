"""The reconcile stage: judges what became of every source row, from the ledger; shares no mapping code with publish."""
