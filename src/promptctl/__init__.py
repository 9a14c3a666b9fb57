"""Test-driven development for prompts, in Git.

`load` renders a prompt for an application, from the files beside it, with the same code as the tests.
Everything else that is public lives in `promptctl.api`.
"""

from typing import TYPE_CHECKING, Any

from promptctl._version import __version__

if TYPE_CHECKING:
    from promptctl.api.loading import load

__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    # Lazy, so that importing anything inside the package never loads Jinja.
    if name == "load":
        from promptctl.api.loading import load

        return load
    raise AttributeError(f"module 'promptctl' has no attribute {name!r}")
