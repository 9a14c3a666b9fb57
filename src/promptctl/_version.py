"""The version, as a literal: reading it from the package metadata would cost 50 ms at every start."""

__version__ = "0.1.0"
