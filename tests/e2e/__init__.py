"""Whole commands in processes of their own, on real projects in real repositories, with the embedded models."""
