"""Cases as things to be changed: whether they would be right, their draws so far, sheets of them."""
