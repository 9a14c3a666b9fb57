"""How a prompt came to be what it is: its versions commit by commit, and what differs between two."""
