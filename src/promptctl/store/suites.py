"""The suites of one tree: where they stand, what they say, their recorded answers."""

from datetime import date

import msgspec

from promptctl.core.case import Accept, Case, Gate, Suite
from promptctl.core.digest import digest_of_list
from promptctl.core.record import replace
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.case_checks import read_checks
from promptctl.store.case_forms import folded
from promptctl.store.case_slots import slots_outside
from promptctl.store.cases import read_case
from promptctl.store.config import read_accept, read_gate
from promptctl.store.documents import read_yaml
from promptctl.store.fields import Fields
from promptctl.store.places import Document, Spot
from promptctl.store.suite_files import SuiteFiles, find_suites, with_private
from promptctl.store.trees import Tree


class Suites:
    """All suites of one tree, read when they are asked for.

    Args:
        tree: The files.
        folder: The eval folder below the project root.
        gate: Defaults of every suite's gate.
        today: The day on which quarantines end; None leaves them all in force.
        private: A folder with further suites and cases, which are not in Git.
    """

    def __init__(
        self,
        tree: Tree,
        folder: str = "evals",
        gate: Gate | None = None,
        *,
        today: date | None = None,
        private: str | None = None,
    ) -> None:
        self.tree, self.folder, self.gate, self.today = tree, folder, gate or Gate(), today
        self.private = private
        self._files, self.strays = find_suites(tree, folder)
        self._own = frozenset(self._files)
        if private is not None:
            found, strays = find_suites(tree, private)
            self._files, twice = with_private(self._files, found)
            self.strays += strays + twice
        self._suites: dict[str, Suite] = {}
        self.ids = sorted(self._files)

    def files(self, suite_id: str) -> SuiteFiles:
        """Where a suite's parts stand; nothing for one that is not there."""
        return self._files.get(suite_id, SuiteFiles())

    @property
    def folders(self) -> tuple[str, ...]:
        """Where suites stand."""
        return (self.folder,) if self.private is None else (self.folder, self.private)

    def home(self, suite_id: str, *, private: bool = False) -> "Suites":
        """The suites of one folder alone, to which new cases of a suite go.

        It is the private one where that is wished, and where the suite is only there.
        """
        if self.private is None:
            return self
        private = private or (suite_id in self._files and suite_id not in self._own)
        return Suites(self.tree, self.private if private else self.folder, self.gate, today=self.today)

    def in_tree(self, tree: Tree) -> "Suites":
        """The same suites in another tree."""
        return Suites(tree, self.folder, self.gate, today=self.today, private=self.private)

    def is_private(self, path: str) -> bool:
        """Whether a file lies in the private folder."""
        return self.private is not None and path.startswith(f"{self.private}/")

    def identity(self, suite_id: str) -> tuple[tuple[str, str], ...]:
        """Equal across trees when every file of the suite is."""
        return tuple((path, self.tree.identity(path)) for path in self.files(suite_id).all)

    def suite(self, suite_id: str) -> Suite:
        """One suite with all its cases, sorted by id.

        Raises:
            PromptctlError: every mistake in its files.
        """
        if suite_id not in self._suites:
            self._suites[suite_id] = _Reader(self, suite_id).read()
        return self._suites[suite_id]

    def forget(self) -> None:
        """Lets go of what was read: whoever goes on with thousands of cases has them in a form of their own."""
        self._suites.clear()

    def require(self, suite_id: str) -> None:
        """Raises PromptctlError for a suite that is not there, naming the nearest."""
        if suite_id not in self._files:
            raise PromptctlError(
                f"there is no suite {suite_id!r}",
                slug="unknown-suite",
                at=Place(f"{self.folder}/{suite_id}"),
                fix=did_you_mean(suite_id, self.ids) + "`promptctl list` shows all suites",
            )


class _Reader:
    """Reads one suite, gathering mistakes over all its files."""

    def __init__(self, suites: Suites, suite_id: str) -> None:
        self.suites, self.id = suites, suite_id
        self.files = suites.files(suite_id)
        self.errors: list[PromptctlError] = []
        self.cases: list[Case] = []

    def read(self) -> Suite:
        main = self.files.whole or self.files.settings
        document = Document({}, f"{self.suites.home(self.id).folder}/{self.id}")
        if main:
            document = read_yaml(self.suites.tree.text(main), main)
            if isinstance(document.value, list) and self.files.whole:
                document = _as_mapping(document)
        fields = Fields(document, errors=self.errors)
        suite = self._settings(fields)
        if self.files.whole:
            for index in range(len(fields.sequence("cases", []))):
                self._case(Fields(document, ("cases", index), errors=self.errors), suite)
        elif "cases" in fields:
            folder = document.path.rpartition("/")[0]
            fields.mistake(
                "the cases of a suite in a folder stand in files of their own",
                "cases",
                slug="wrong-place",
                fix=f"move each to {folder}/cases/ID.yaml, or all to {folder}/cases.jsonl; "
                f"or write the suite as one file, {folder}.yaml",
            )
        fields.collect_unknown()
        for slot in slots_outside(self.suites.tree, self.files, self.errors):
            self._case(Fields(slot.document, slot.keys, errors=self.errors), suite)
        self._refuse_duplicates()
        raise_all(self.errors)
        cases = tuple(self._in_force(case) for case in sorted(self.cases, key=lambda case: case.id))
        suite = replace(suite, cases=cases)
        self._refuse_accepts_of_computed_ids(suite)
        return replace(suite, digest=_digest(suite))

    def _in_force(self, case: Case) -> Case:
        """The case as it counts today: a quarantine past its end is over."""
        today, quarantine = self.suites.today, case.quarantine
        if case.status == "quarantined" and quarantine and today and quarantine.until < today.isoformat():
            return replace(case, status="active")
        return case

    def _settings(self, fields: Fields) -> Suite:
        version = fields.integer("promptctl", 1)
        if version != 1:
            fields.mistake(
                f"format version {version} is not known",
                "promptctl",
                slug="newer-format",
                fix="write promptctl: 1, or update promptctl",
            )
        return Suite(
            id=self.id,
            prompt=fields.string("prompt", self.id),
            samples=fields.integer("samples", 1, low=1, high=100),
            finished=fields.boolean("finished", True),
            checks=read_checks(fields),
            gate=self._gate(fields.section("gate")),
            accept=tuple(self._accept(item) for item in fields.items("accept")),
            judge=fields.mapping("judge", {}),
            renamed_from=fields.string("renamed_from", None),
            place=fields.document.place(),
            internal=fields.document.place("internal") if fields.boolean("internal", False) else None,
        )

    def _gate(self, fields: Fields) -> Gate:
        if "on_untested" in fields:
            fields.mistake(
                "on_untested is about prompts that no suite tests",
                "on_untested",
                slug="wrong-place",
                fix="write it under [gate] in promptctl.toml",
            )
        return read_gate(fields, self.suites.gate)

    def _accept(self, fields: Fields) -> Accept:
        accept = read_accept(fields)
        if accept.suite not in (None, self.id):
            fields.mistake(
                f"this is the suite {self.id}, not {accept.suite}",
                "suite",
                slug="wrong-place",
                fix="take `suite` out, or write the entry as [[accept]] in promptctl.toml",
            )
        return accept

    def _case(self, fields: Fields, suite: Suite) -> Case:
        case = read_case(fields, suite.checks, finished=suite.finished)
        fields.collect_unknown()
        self.cases.append(case)
        return case

    def _refuse_duplicates(self) -> None:
        seen: dict[str, Case] = {}
        for case in self.cases:
            first = seen.setdefault(folded(case.id), case)
            if first is case:
                continue
            what = "are the same" if case.id == first.id else "differ only in case"
            if case.id.casefold() != first.id.casefold():
                what = "look the same: their letters are composed in different ways"
            fix = (
                "give one of them another id"
                if case.written_id
                else "give the cases ids: their inputs are equal"
            )
            self.errors.append(
                FileError(
                    f"the ids {first.id!r} ({first.place}) and {case.id!r} {what}",
                    slug="duplicate-id",
                    at=case.place,
                    fix=fix,
                )
            )

    def _refuse_accepts_of_computed_ids(self, suite: Suite) -> None:
        for accept in suite.accept:
            case = suite.case(accept.case)
            if case and not case.written_id:
                raise FileError(
                    f"accept names {case.id!r}, whose id is computed",
                    slug="id-needed",
                    at=case.place,
                    fix=f"add `id: {case.id}` to the case; `promptctl cases fmt {suite.id}` does",
                )


def _as_mapping(document: Document) -> Document:
    """A file that is a list of cases, as `{cases: […]}`."""
    spot = document.spot
    return Document({"cases": document.value}, document.path, Spot(spot.key, spot.value, {"cases": spot}))


def _digest(suite: Suite) -> str:
    active = (case for case in suite.cases if case.status == "active")
    asked = (
        {"id": case.id, "inputs": case.inputs(), "meaning": case.meaning(), "severity": case.severity}
        for case in active
    )
    settings = {
        "prompt": suite.prompt,
        "samples": suite.samples,
        "finished": suite.finished,
        "gate": msgspec.to_builtins(suite.gate),
    }
    return digest_of_list("s1", "cases", asked, settings)
