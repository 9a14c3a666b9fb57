"""A project's own checks: its Python in a worker process, its commands. Their code never runs in ours."""
