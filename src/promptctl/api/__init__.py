"""The verbs, for the doors and for users: `Project` and `load`."""
