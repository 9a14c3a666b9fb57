"""Templates rendered in a child process, so that a hostile one takes neither our time nor our memory."""
