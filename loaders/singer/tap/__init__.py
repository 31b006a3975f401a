"""What the taps share: the catalogue, the plan, the pipes, the messages and the command line."""
