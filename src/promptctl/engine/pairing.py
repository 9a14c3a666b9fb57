"""Which prompt and suite of base belongs to which of head, and what differs between the sides."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from promptctl.core.case import Suite
from promptctl.engine.check_files import files_of, same_files
from promptctl.engine.grader import Grader
from promptctl.engine.images import takes_images
from promptctl.engine.load import Side
from promptctl.engine.output_check import with_output_check
from promptctl.errors import PromptctlError
from promptctl.store.prompts import SUFFIX, Prompts

WINDOW = 100
"""Lines that are looked at from the first difference on."""
SIMILAR = 0.6
"""Share of equal lines from which a file that is gone and one that is new are taken for a rename."""


class Line(NamedTuple):
    """The first line of a file that differs; its number on head."""

    path: str
    line: int
    before: str
    after: str


class Affected(NamedTuple):
    """A prompt of head whose version differs from base, with the paths that differ and where each first does."""

    prompt: str
    base: str | None
    changed: tuple[str, ...]
    lines: tuple[Line, ...] = ()


class Pairing:
    """Head's prompts and suites with their partners on base.

    A prompt or suite of base that cannot be read counts as absent; `notes` says so, because a broken base must
    not block its own fix. With `base_prompt` every prompt is compared with that one, on head's suites.
    """

    def __init__(self, base: Side | None, head: Side, *, base_prompt: str | None = None) -> None:
        self.base, self.head = base, head
        self._other = base_prompt
        self.notes: list[str] = []
        self._prompts: dict[str, str | None] = {}
        self._suites: dict[str, str | None] = {}
        self._differs: dict[str, bool] = {}
        self.current: dict[str, Suite] = {}
        self.check_files: dict[str, frozenset[str]] = {}

    def base_prompt(self, prompt_id: str) -> str | None:
        """The prompt's id on base; None where it is new, or cannot be read there."""
        if prompt_id not in self._prompts:
            self._prompts[prompt_id] = self._find_prompt(prompt_id)
        return self._prompts[prompt_id]

    def base_suite(self, suite_id: str) -> Suite | None:
        """The suite on base; None where it is new, or cannot be read there."""
        if self.base is None:
            return None
        if self._other:
            return self.current.get(suite_id) or self.head.suites.suite(suite_id)
        found = self._suite_partner(suite_id)
        if found is None:
            return None
        if suite_id in self.current and not self.suite_differs(suite_id):
            return self.current[suite_id]  # the same files: read once
        try:
            return _written_out(self.base.suites.suite(found), self.base)
        except PromptctlError as error:
            self._note(
                f"suite {found} of base cannot be read ({error.slug} at {error.at}): its cases count as new"
            )
            return None

    def affected(self, prompt_id: str) -> Affected | None:
        """How a prompt differs from base; None where its version is the same.

        Raises:
            PromptctlError: head's version cannot be read.
        """
        version = self.head.prompts.version(prompt_id)
        partner = self.base_prompt(prompt_id)
        if self.base is None or partner is None:
            return Affected(prompt_id, None, (version.path,))
        before = self.base.prompts.version(partner)
        if before.digest == version.digest:
            return None
        folder = self.head.prompts.folder
        old = {
            name.replace(partner + SUFFIX, prompt_id + SUFFIX): text for name, text in before.closure.items()
        }
        names = sorted(
            name for name in {*old, *version.closure} if old.get(name) != version.closure.get(name)
        )
        lines = [
            _first_difference(f"{folder}/{n}", old.get(n, ""), version.closure.get(n, "")) for n in names
        ]
        paths = tuple(f"{folder}/{name}" for name in names) or (version.path,)
        return Affected(prompt_id, partner, paths, tuple(lines))

    def suite_differs(self, suite_id: str) -> bool:
        """Whether any file that says what the suite asks differs from base."""
        if suite_id not in self._differs:
            self._differs[suite_id] = self._compare_files(suite_id)
        return self._differs[suite_id]

    def _compare_files(self, suite_id: str) -> bool:
        if self.base is None:
            return True
        partner = self._suite_partner(suite_id)
        if partner is None or self.base.own.gate != self.head.own.gate:
            return True
        before = [identity for _, identity in self.base.suites.identity(partner)]
        if before != [identity for _, identity in self.head.suites.identity(suite_id)]:
            return True
        if not same_files(self.check_files.get(suite_id, ()), self.base.tree, self.head.tree):
            return True
        suite = self.current.get(suite_id)
        return suite is not None and self._surroundings_differ(suite.prompt)

    def _surroundings_differ(self, prompt_id: str) -> bool:
        """Whether what a suite's cases rely on besides its own files differs: pictures, the answer's schema."""
        partner = self.base_prompt(prompt_id)
        if self.base is None or partner is None:
            return False
        before, after = self.base.prompts.version(partner), self.head.prompts.version(prompt_id)
        if before.schema != after.schema:
            return True
        return takes_images(after.inputs) and _pictures(self.base) != _pictures(self.head)

    def says_the_same(self, prompt_id: str) -> bool:
        """Whether a prompt differs from base only in what Jinja does not read, such as comments."""
        partner = self.base_prompt(prompt_id)
        if self.base is None or partner is None:
            return False
        return self.base.prompts.meaning(partner) == self.head.prompts.meaning(prompt_id)

    def removed_prompts(self) -> list[str]:
        """Prompts of base that are gone, and no rename."""
        if self.base is None:
            return []
        kept = {self.base_prompt(prompt_id) for prompt_id in self.head.prompts.ids}
        return [name for name in self.base.prompts.ids if name not in kept and name not in self.head.prompts]

    def head_prompt(self, base_prompt: str) -> str | None:
        """The prompt of head that a prompt of base lives on in, under its own name or another; None if it is gone."""
        if base_prompt in self.head.prompts:
            return base_prompt
        return next((name for name in self.head.prompts.ids if self.base_prompt(name) == base_prompt), None)

    def removed_suites(self) -> list[str]:
        """Suites of base that are gone, and no rename."""
        if self.base is None:
            return []
        kept = {self._suite_partner(suite_id) for suite_id in self.head.suites.ids}
        return [name for name in self.base.suites.ids if name not in kept]

    def _find_prompt(self, prompt_id: str) -> str | None:
        if self.base is None:
            return None
        wanted = self._other or prompt_id
        partner: str | None = wanted
        if wanted not in self.base.prompts:
            partner = self._renamed_prompt(prompt_id)
        if partner is None:
            if self.base.prompts.path(prompt_id) in self.base.tree.refused:
                reason = self.base.tree.refused[self.base.prompts.path(prompt_id)]
                self._note(f"{self.base.prompts.path(prompt_id)} of base is a {reason}: head is scored alone")
            return None
        try:
            self.base.prompts.version(partner)
        except PromptctlError as error:
            self._note(
                f"prompt {partner} of base cannot be read ({error.slug} at {error.at}): it counts as absent"
            )
            return None
        return partner

    def _renamed_prompt(self, prompt_id: str) -> str | None:
        if self.base is None:
            return None
        named = self.head.prompts.header(prompt_id).renamed_from
        if named and named in self.base.prompts:
            return named
        if named:
            self._note(f"renamed_from of {prompt_id} names {named}, which base does not have")
        before = self.base.prompts
        gone = [name for name in before.ids if name not in self.head.prompts]
        return _most_similar(_text(self.head.prompts, prompt_id), gone, lambda name: _text(before, name))

    def _suite_partner(self, suite_id: str) -> str | None:
        if suite_id not in self._suites:
            self._suites[suite_id] = self._find_suite(suite_id)
        return self._suites[suite_id]

    def _find_suite(self, suite_id: str) -> str | None:
        if self.base is None or suite_id in self.base.suites.ids:
            return suite_id if self.base else None
        try:
            suite = self.head.suites.suite(suite_id)
        except PromptctlError:
            return None  # head's own mistake is reported where the suite is read
        if suite.renamed_from:
            return suite.renamed_from if suite.renamed_from in self.base.suites.ids else None
        identities = [identity for _, identity in self.head.suites.identity(suite_id)]
        for gone in self.base.suites.ids:
            if gone not in self.head.suites.ids and identities == [
                identity for _, identity in self.base.suites.identity(gone)
            ]:
                return gone
        # A prompt that was renamed takes its suite along, whatever else changed in it.
        partner = self.base_prompt(suite.prompt) if suite.prompt in self.head.prompts else None
        if partner and partner != suite.prompt and partner not in self.head.suites.ids:
            return partner if partner in self.base.suites.ids else None
        return self._suite_with_its_cases(self.base, suite, partner)

    def _suite_with_its_cases(self, base: Side, suite: Suite, prompt: str | None) -> str | None:
        """The suite of the same prompt that is gone while most of its cases are here: its name makes none new."""
        here = set(suite.by_id())
        found = []
        for name in base.suites.ids:
            if name in self.head.suites.ids:
                continue
            try:
                gone = base.suites.suite(name)
            except PromptctlError:
                continue  # said where base's suites are read
            if gone.prompt == prompt and 2 * len(here & set(gone.by_id())) > len(gone.cases):
                found.append(name)
        return found[0] if len(found) == 1 else None

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _written_out(suite: Suite, side: Side) -> Suite:
    """The suite with all its checks and their arguments in full; as it is where one of them cannot be built."""
    try:
        return Grader(with_output_check(suite, side.prompts), files_of(side)).suite
    except PromptctlError:
        return suite


def _pictures(side: Side) -> dict[str, str]:
    """What stands beside the suites' own files, each with a key of its content."""
    folder = side.suites.folder
    names = [path for path in side.tree.paths(folder) if not path.endswith((".yaml", ".jsonl"))]
    return {path.removeprefix(folder): _identity(side, path) for path in names}


def _identity(side: Side, path: str) -> str:
    try:
        return side.tree.identity(path)
    except PromptctlError as error:
        return error.slug  # too large or unreadable: said where a case names it


def _first_difference(path: str, before: str, after: str) -> Line:
    from difflib import SequenceMatcher  # only for a prompt that differs

    old, new = before.split("\n"), after.split("\n")
    start = next(
        (i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    # A window is enough to tell a rewritten line from an inserted one, and stays quick in a file of 10,000 lines.
    old, new = old[start : start + WINDOW], new[start : start + WINDOW]
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            return Line(path, start + k + 1, old[i] if i < j else "", new[k] if k < m else "")
    return Line(path, start + 1, "", "")


def _text(prompts: Prompts, prompt_id: str) -> str:
    try:
        return prompts.tree.text(prompts.path(prompt_id))
    except PromptctlError:
        return ""


def _most_similar(text: str, names: Iterable[str], read: Callable[[str], str]) -> str | None:
    texts = {name: read(name) for name in names}
    equal = next((name for name, other in texts.items() if other == text), None)
    if equal is not None or not texts:
        return equal
    from difflib import SequenceMatcher  # only where a file is gone and another is new

    lines = SequenceMatcher(None, b=text.split("\n"), autojunk=False)
    best, best_ratio = None, SIMILAR
    for name, other in texts.items():
        lines.set_seq1(other.split("\n"))
        if lines.real_quick_ratio() >= best_ratio and lines.quick_ratio() >= best_ratio:
            ratio = lines.ratio()
            if ratio > best_ratio or (best is None and ratio == best_ratio):
                best, best_ratio = name, ratio
    return best
