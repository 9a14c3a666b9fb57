"""The files of a project that its checks name: schemas, lists of words, code of its own. Read from one revision."""

import ast
from collections.abc import Iterable, Iterator

from promptctl.core.digest import digest
from promptctl.engine.load import Side
from promptctl.errors import FileError, PromptctlError
from promptctl.store.private import Joined
from promptctl.store.trees import Picture, Tree

CODE = "_checks"
"""The folder below the eval folder for the project's own code; a folder that begins with `_` is no suite."""


class CheckFiles:
    """The files of one revision, as its checks may name them.

    Args:
        tree: The revision whose files act: head's, or base's where a pull request must not bring its own code.
        folder: The eval folder below the project's root.
    """

    def __init__(self, tree: Tree, folder: str) -> None:
        self.tree, self.code = tree, f"{folder}/{CODE}"
        self.asked: set[str] = set()

    def exists(self, path: str) -> bool:
        """Whether there is such a file. `asked` keeps the path: a file that appears is a change, too."""
        self.asked.add(path)
        return self.tree.exists(path)

    def text(self, path: str) -> str:
        """The file's text.

        Raises:
            FileError: it is not there, or refused.
        """
        self.asked.add(path)
        try:
            return self.tree.text(path)
        except FileError as error:
            if error.slug == "no-such-file":
                error.fix = "name a file below the prompts or the evals, from the project's root"
            raise

    def digest(self, suite: str) -> str:
        """A suite's digest with the files that its checks named; as it is where they named none."""
        named = {path: found for path in self.asked if (found := _identity(self.tree, path))}
        return digest("s1", [suite, named]) if named else suite

    def modules(self) -> list[str]:
        """The dotted names of the modules in the code folder."""
        inside = [path.removeprefix(f"{self.code}/") for path in self.tree.paths(self.code)]
        return [path.removesuffix(".py").replace("/", ".") for path in inside if path.endswith(".py")]

    def closure(self, paths: Iterable[str]) -> dict[str, str]:
        """The files, text by path, with every module of the code folder that they import, and so on.

        Raises:
            FileError: one of them is not there.
            SyntaxError: a Python file that is none; `filename` is its path.
        """
        found: dict[str, str] = {}
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            found[path] = self.text(path)
            if path.endswith(".py"):
                waiting += [one for one in self._imported(path, found[path]) if self.exists(one)]
        return dict(sorted(found.items()))

    def _imported(self, path: str, text: str) -> Iterator[str]:
        """Where the modules that a file imports would stand, if they were the project's own."""
        package = path.removeprefix(f"{self.code}/").split("/")[:-1]
        for node in ast.walk(parsed(text, path)):
            if isinstance(node, ast.Import):
                names = [alias.name.split(".") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                module = [*above, *(node.module.split(".") if node.module else [])]
                names = [module, *([*module, alias.name] for alias in node.names)]
            else:
                continue
            for name in names:
                yield from self._places(name)

    def _places(self, name: list[str]) -> Iterator[str]:
        for length in range(1, len(name) + 1):
            stem = "/".join([self.code, *name[:length]])
            yield f"{stem}/__init__.py"
            yield f"{stem}.py"


def files_of(side: Side) -> CheckFiles:
    """The files of one side's revision; those of `cases_root` have none, and what acts like code needs one."""
    tree = side.tree.revision if isinstance(side.tree, Joined) else side.tree
    return CheckFiles(tree, side.suites.folder)


def no_files() -> CheckFiles:
    """For checks that name no file."""
    return CheckFiles(Picture("what is known here", {}, {}, {}), "evals")


def parsed(text: str, path: str) -> ast.Module:
    """The syntax tree of a Python file, which is not run.

    Raises:
        SyntaxError: it is none; also for a text that Python's parser gives up on.
    """
    try:
        return ast.parse(text, path)
    except SyntaxError as error:
        error.filename = path  # which Python leaves out where a byte is zero
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or type(error).__name__, (path, 1, 1, None)) from error


def same_files(paths: Iterable[str], one: Tree, other: Tree) -> bool:
    """Whether the files that were asked for are the same in two trees, those that are in neither included."""
    return all(_identity(one, path) == _identity(other, path) for path in paths)


def _identity(tree: Tree, path: str) -> str | None:
    try:
        return tree.identity(path) if tree.exists(path) else None
    except PromptctlError as error:  # a file that is refused, a path that leaves the tree
        return error.slug
