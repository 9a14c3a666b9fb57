"""Tests of the checks, one file per family, and of what all of them promise."""
