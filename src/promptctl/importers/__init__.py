"""Other people's prompt files, read into ours. Nothing is written or asked here, and code of others never runs."""
