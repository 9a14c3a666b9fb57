"""From two revisions to a decision: load, plan, ask, check, compare. Knows no screen and no command line."""
