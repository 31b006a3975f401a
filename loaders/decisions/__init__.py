"""What each option of a decision would do to the rows, and what a change of mind would have to take back first."""
