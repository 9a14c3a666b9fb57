"""Where the parts of each suite stand: one file, or a folder with settings, cases, bulk and recorded answers."""

from typing import Any, NamedTuple

from promptctl.errors import FileError, Place
from promptctl.store.trees import Tree

SUITE_FILE = "suite.yaml"
CASES = "cases"
ANSWERS = "answers"


class SuiteFiles(NamedTuple):
    """Where one suite's parts stand, relative to the project root.

    `lists` are lists of private cases in one file, beside a suite that says elsewhere what it is.
    """

    whole: str | None = None
    settings: str | None = None
    cases: tuple[str, ...] = ()
    bulk: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def pages(self) -> tuple[str, ...]:
        """Its files in YAML."""
        return tuple(filter(None, (self.whole, self.settings, *self.cases, *self.lists)))

    @property
    def all(self) -> tuple[str, ...]:
        """Every file that says what the suite asks; recorded answers are not among them."""
        return (*self.pages, *self.bulk)


def find_suites(tree: Tree, folder: str) -> tuple[dict[str, SuiteFiles], list[FileError]]:
    """The suites below `folder` by id, and the files that belong to none or to two."""
    strays: list[FileError] = []
    found: dict[str, dict[str, Any]] = {}
    for path in tree.paths(folder):
        parts = path[len(folder) + 1 :].split("/")
        if any(part.startswith("_") for part in parts[:-1]):
            continue
        place = _sort(path, parts, strays)
        if place is None:
            continue
        suite_id, kind = place
        suite = found.setdefault(suite_id, {"cases": [], "bulk": [], "answers": []})
        if kind in ("whole", "settings"):
            suite[kind] = path
        else:
            suite[kind].append(path)
    _refuse_twice(found, folder, strays)
    suites = {
        name: SuiteFiles(
            parts.get("whole"),
            parts.get("settings"),
            tuple(parts["cases"]),
            tuple(parts["bulk"]),
            tuple(parts["answers"]),
        )
        for name, parts in found.items()
        if set(parts) != {"cases", "bulk", "answers"} or parts["cases"] or parts["bulk"]
    }
    return suites, strays


def with_private(
    own: dict[str, SuiteFiles], private: dict[str, SuiteFiles]
) -> tuple[dict[str, SuiteFiles], list[FileError]]:
    """Suites of two folders, the cases of equal ids together; and those whose settings stand in both."""
    found, twice = own | private, []
    for suite_id in own.keys() & private.keys():
        one, other = own[suite_id], private[suite_id]
        main = one.whole or one.settings
        if main and other.settings:
            twice.append(
                FileError(
                    f"the settings of suite {suite_id!r} stand both in {main} and in {other.settings}",
                    slug="suite-twice",
                    at=Place(other.settings),
                    fix="keep one of the two; the other folder holds further cases alone",
                )
            )
        found[suite_id] = SuiteFiles(
            one.whole if main else other.whole,
            one.settings if main else other.settings,
            one.cases + other.cases,
            one.bulk + other.bulk,
            one.answers + other.answers,
            (other.whole,) if main and other.whole else (),
        )
    return found, sorted(twice, key=lambda error: str(error.at))


def _sort(path: str, parts: list[str], strays: list[FileError]) -> tuple[str, str] | None:
    name, folders = parts[-1], parts[:-1]
    if name == SUITE_FILE and folders:
        return "/".join(folders), "settings"
    if name.endswith(".yaml"):
        if folders and folders[-1] == CASES and len(folders) > 1:
            return "/".join(folders[:-1]), "cases"
        return "/".join([*folders, name.removesuffix(".yaml")]), "whole"
    if name.endswith(".jsonl") and folders:
        if folders[-1] == ANSWERS and len(folders) > 1:
            return "/".join(folders[:-1]), "answers"
        return "/".join(folders), "bulk"
    if name.endswith((".yml", ".jsonl")):
        fix = "name it .yaml" if name.endswith(".yml") else "put it into the suite's folder"
        strays.append(FileError("this file belongs to no suite", slug="stray-file", at=Place(path), fix=fix))
    return None


def _refuse_twice(found: dict[str, dict[str, Any]], folder: str, strays: list[FileError]) -> None:
    for suite_id, parts in found.items():
        whole = parts.get("whole")
        if whole and (parts["cases"] or parts["bulk"] or parts.get("settings")):
            strays.append(
                FileError(
                    f"suite {suite_id!r} stands both in this file and in a folder",
                    slug="suite-twice",
                    at=Place(whole),
                    fix=f"move it to {folder}/{suite_id}/{SUITE_FILE}",
                )
            )
