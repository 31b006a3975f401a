"""The source catalogue: what DTX 1.0's tables look like, and what is made from it."""
