"""What was rejected, why, and the line of a seed that would let it through."""
