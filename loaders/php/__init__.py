"""PHP's serialize() format, read as data: nothing in a payload is ever built, imported or run."""
