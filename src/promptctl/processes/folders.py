"""Where packages lie, for a child that finds nothing but the standard library by itself."""

import importlib.util
from pathlib import Path


def folders_of(*packages: str) -> list[str]:
    """The folders that hold these packages: an environment may install each in its own way. Those that are not there
    are left out."""
    found: dict[str, None] = {}
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            file = Path(spec.origin)
            found[str(file.parents[1] if spec.submodule_search_locations else file.parent)] = None
    return list(found)
