"""Child processes that are kept short: of memory, of time, of our environment. What runs in them is not known here.

Limits keep accidents away, not enemies: a child runs as the user, who may read files and open connections.
"""
