"""Variants of head's own version, compared: several models, settings, ways to make one answer of several draws."""
