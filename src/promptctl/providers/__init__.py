"""What answers requests: one file per kind, one line each in the registry. Nothing here reads a prompt or a suite."""
