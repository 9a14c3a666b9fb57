"""The rules that judge one output: one class per check, one line each in the registry.

A check sees one `Subject` and gives one `Verdict`. It never negates itself, never reads a file and never asks a model.
"""
