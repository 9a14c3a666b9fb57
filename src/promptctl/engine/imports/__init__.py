"""Bringing in other people's prompt files: which format it is, the proof that nothing changed, what to write.

The formats themselves are read in the room `importers`; nothing of a foreign file is ever executed here.
"""
