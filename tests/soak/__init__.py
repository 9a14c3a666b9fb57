"""Long loops, and the harness of their short forms in `make check`."""
