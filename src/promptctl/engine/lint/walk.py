"""Everything that can be known about a project without a model, over all its files at once."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from promptctl.core.case import Case, Suite
from promptctl.core.words import did_you_mean
from promptctl.engine.boundary import Boundary
from promptctl.engine.check_files import files_of
from promptctl.engine.grader import Grader
from promptctl.engine.lint.findings import Findings, LintReport
from promptctl.engine.lint.full_width import (
    find_lookalikes,
    warn_of_doubts,
    warn_of_header_doubts,
    with_half_width,
    without_followers,
)
from promptctl.engine.lint.home import home_of, inside
from promptctl.engine.lint.partly import unread_checks
from promptctl.engine.lint.warnings import (
    warn_of_prompt,
    warn_of_settings,
    warn_of_suite,
    warn_of_untested,
)
from promptctl.engine.load import Side, begin_rendering, open_side
from promptctl.engine.output_check import with_output_check
from promptctl.engine.requests import ahead, begin_case
from promptctl.engine.schemas import refuse_bad_schemas
from promptctl.errors import FileError, Place, PromptctlError, PromptError, Several
from promptctl.store.config import NAME, config_file, cure_of
from promptctl.store.prompts import SUFFIX
from promptctl.templating.closure import FileFacts


def lint(folder: Path, paths: Sequence[str] = ()) -> LintReport:
    """What is wrong, and what is probably not meant, in the working tree.

    Args:
        folder: Any folder of the project.
        paths: Files and folders to limit the findings to, as typed in the current folder; none means all.

    Raises:
        PromptctlError: no project, a repository that cannot be read, or a path that is not there. What is
            wrong inside the project is in the report.
    """
    home, mistakes = home_of(folder)
    begin_rendering(home)
    side = open_side(home, home.here)
    found = Findings([inside(home, path, side.suites.private) for path in paths])
    for mistake in mistakes:
        found.error(mistake)
    for note in home.config.notes:
        at = Place(config_file(home.root) or NAME)
        found.warn(note, slug="config-not-read", at=at, fix=cure_of(note))
    if side.absent:
        at = Place(config_file(home.root) or NAME)
        fix = "make the folder, or leave it: where it is not, as on a CI machine, the other cases decide"
        found.warn(side.absent, slug="no-private-cases", at=at, fix=fix)
    found.sharpen = partial(with_half_width, side=side)
    return _Lint(side, found, configured=not mistakes).report()


class _Lint:
    """One walk over a side: files, templates, prompts, suites, then what only the whole shows."""

    def __init__(self, side: Side, found: Findings, *, configured: bool) -> None:
        self.side, self.found, self.configured = side, found, configured
        self.prompts = side.prompts
        self.facts: dict[str, FileFacts] = {}
        self.unparsed = False
        self.closures: dict[str, set[str]] = {}
        self.suites: list[Suite] = []
        self.unread = False
        self.counted = 0

    def report(self) -> LintReport:
        """All findings with the counts of what was looked at."""
        self._refused()
        self._templates()
        sound = [prompt_id for prompt_id in self.prompts.ids if self._prompt(prompt_id)]
        suites = sum(self._suite(suite_id, sound) for suite_id in self.side.suites.ids)
        self._whole(sound)
        self._full_width(sound)
        wanted = [prompt_id for prompt_id in self.prompts.ids if self.found.wanted(self._files(prompt_id))]
        found = tuple(without_followers(self.found.sorted()))
        return LintReport(found, len(wanted), suites, self.counted)

    def _refused(self) -> None:
        for path in self.side.tree.refused:
            try:
                self.side.tree.bytes(path)
            except PromptctlError as error:
                self.found.error(error, {path})
        for stray in self.side.suites.strays:
            self.found.error(stray)

    def _templates(self) -> None:
        folder = self.prompts.folder
        names = [path[len(folder) + 1 :] for path in self.side.tree.paths(folder)]
        self.names = [name for name in names if name.endswith(".j2")]
        for name in self.names:
            self._read(name)

    def _read(self, name: str) -> FileFacts | None:
        """What a template says; its mistakes are findings."""
        if name not in self.facts:
            try:
                self.facts[name] = self.prompts.facts(name)
            except PromptctlError as error:
                self.unparsed = True
                self.found.error(error, {f"{self.prompts.folder}/{name}"})
        return self.facts.get(name)

    def _prompt(self, prompt_id: str) -> bool:
        """Whether the prompt's header and everything it reaches can be read."""
        path, sound = self.prompts.path(prompt_id), True
        for read in (
            self.prompts.header,
            lambda name: self.prompts.templates.closure(name + SUFFIX),
            self.prompts.version,
            partial(refuse_bad_schemas, self.prompts),
        ):
            try:
                read(prompt_id)
            except PromptctlError as error:
                sound = False
                self.found.error(error, {path})
        if not sound:
            return False
        version = self.prompts.version(prompt_id)
        for name in self.prompts.templates.closure(prompt_id + SUFFIX).names:
            self._read(name)
        self.closures[prompt_id] = {f"{self.prompts.folder}/{name}" for name in version.closure}
        if self.found.wanted(self.closures[prompt_id]):
            warn_of_prompt(self.found, self.side, version, self.facts)
            if self.configured:  # who serves a model stands there
                warn_of_settings(self.found, self.side, version)
        return True

    def _files(self, prompt_id: str) -> set[str]:
        return self.closures.get(prompt_id, {self.prompts.path(prompt_id)})

    def _suite(self, suite_id: str, sound: list[str]) -> bool:
        """Checks one suite and all its cases. Whether it counts as looked at."""
        parts = self.side.suites.files(suite_id)
        own = {*parts.all, *parts.answers}
        try:
            suite = self.side.suites.suite(suite_id)
        except PromptctlError as error:
            self.unread = True
            for problem in (*_split(error), *unread_checks(self.side, parts), *self._recordings(suite_id)):
                self.found.error(problem, own)
            return self.found.wanted(own)
        self.suites.append(suite)
        files = own | self._files(suite.prompt)
        if not self.found.wanted(files):
            return False
        for problem in (*self._problems(suite), *self._leaving(suite, sound)):
            self.found.error(problem, files)
        main = {path for path in (parts.whole, parts.settings) if path} | self._files(suite.prompt)
        self._cases(suite, main, renders=suite.prompt in sound)
        if suite.prompt in sound:
            warn_of_suite(self.found, self.side, suite, main)
        return True

    def _problems(self, suite: Suite) -> list[PromptctlError]:
        problems: list[PromptctlError] = []
        if suite.prompt not in self.prompts and self.prompts.path(suite.prompt) not in self.side.tree.refused:
            path = self.prompts.path(suite.prompt)
            problems.append(
                FileError(
                    f"suite {suite.id} tests the prompt {suite.prompt!r}, which is not there",
                    slug="unknown-prompt",
                    at=suite.place,
                    fix=did_you_mean(suite.prompt, self.prompts.ids)
                    + f"write {path}, or `prompt: …` into the suite",
                )
            )
        if not suite.cases and not self.side.absent:
            problems.append(
                FileError(
                    f"suite {suite.id} has no case",
                    slug="empty-suite",
                    at=suite.place,
                    fix=f"add one: `promptctl ask {suite.prompt} --save`, or write it by hand",
                )
            )
        with suppress(PromptctlError):  # what is wrong with a prompt is said where it is looked at
            suite = with_output_check(suite, self.prompts)
        try:
            Grader(suite, files_of(self.side))
        except PromptctlError as error:
            problems.extend(_split(error))
        return [*problems, *self._recordings(suite.id)]

    def _leaving(self, suite: Suite, sound: list[str]) -> Sequence[PromptctlError]:
        """Cases that must not go where the prompt's model is."""
        if not self.configured or suite.prompt not in sound:
            return ()
        model = self.prompts.header(suite.prompt).model or self.side.config.project.model
        with suppress(PromptctlError):  # said where the prompt is looked at
            return tuple(Boundary(self.side.config, {}).faults(suite, [model]))
        return ()

    def _recordings(self, suite_id: str) -> Sequence[PromptctlError]:
        if not self.side.suites.files(suite_id).answers:
            return ()
        from promptctl.engine.answering import recordings

        try:
            recordings(self.side, suite_id)
        except PromptctlError as error:
            return _split(error)
        return ()

    def _cases(self, suite: Suite, files: set[str], *, renders: bool) -> None:
        wanted = [case for case in suite.cases if self.found.wanted(_about(case, files))]
        self.counted += len(wanted)
        if not renders:
            return
        asked = (case for case in wanted if case.status in ("active", "quarantined"))
        for case, opening in ahead((one, begin_case(self.prompts, suite.prompt, one)) for one in asked):
            try:
                opening()
            except PromptctlError as error:
                self.found.error_of_case(error, _about(case, files))

    def _full_width(self, sound: list[str]) -> None:
        """Last, for it takes the inputs of every prompt to tell a placeholder from prose in brackets."""
        inputs = {prompt_id: {*self.prompts.version(prompt_id).inputs} for prompt_id in sound}
        declared = {prompt_id: self.prompts.header(prompt_id).inputs is not None for prompt_id in sound}
        for suite in self.suites:
            if suite.prompt in inputs:
                inputs[suite.prompt].update(*(case.vars for case in suite.cases))
        for name in self.names:
            path = f"{self.prompts.folder}/{name}"
            users = [prompt_id for prompt_id in sound if path in self.closures[prompt_id]]
            known = {word for prompt_id in users for word in inputs[prompt_id]}
            strict = bool(users) and all(declared[prompt_id] for prompt_id in users)
            find_lookalikes(self.found, self.side, name, known, declared=strict)
            warn_of_header_doubts(self.found, self.side, name)
        for suite_id in self.side.suites.ids:
            parts = self.side.suites.files(suite_id)
            for path in parts.pages:
                warn_of_doubts(self.found, self.side, path)

    def _whole(self, sound: list[str]) -> None:
        """What no single file shows: partials and prompts that nothing uses."""
        reached = self._reached()
        partials = self.prompts.templates.partials()
        for name in self.names:
            path = f"{self.prompts.folder}/{name}"
            if name in reached or name.removesuffix(SUFFIX) in self.prompts.ids:
                continue
            try:
                self.prompts.templates.closure(name)
            except PromptctlError as error:
                self.found.error(error, {path})
            if self.unparsed:  # who reaches what cannot be told
                continue
            if name in partials:
                self.found.warn(
                    "no prompt reaches this partial",
                    slug="unused-partial",
                    at=Place(path),
                    fix=f'include it, {{% include "{name}" %}}, or delete it',
                )
            else:
                self.found.error(_neither(path))
        if not self.unread:
            for prompt_id in sound:
                suites = [suite for suite in self.suites if suite.prompt == prompt_id]
                warn_of_untested(self.found, self.side, prompt_id, suites)
        if not self.prompts.ids and self.configured and not self.side.tree.refused:
            self.found.warn(
                f"there is no prompt under {self.prompts.folder}/",
                slug="no-prompt",
                at=Place(self.prompts.folder),
                fix=f"write {self.prompts.folder}/NAME{SUFFIX}, or `promptctl init`",
            )

    def _reached(self) -> set[str]:
        reached: set[str] = set()
        ahead = [prompt_id + SUFFIX for prompt_id in self.prompts.ids]
        while ahead:
            name = ahead.pop()
            if name in reached:
                continue
            reached.add(name)
            for reference in self.facts[name].references if name in self.facts else ():
                if reference.name is None:
                    ahead.extend(self.prompts.templates.partials())
                else:
                    ahead.append(reference.name)
        return reached


def _about(case: Case, files: set[str]) -> set[str]:
    """The files of a case: its own, and those of its suite and prompt."""
    return {*files, case.place.path if case.place else ""}


def _neither(path: str) -> PromptError:
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".j2")
    return PromptError(
        "this file is neither a prompt nor a partial, and no prompt reaches it",
        slug="stray-file",
        at=Place(path),
        fix=f"name it {folder}/{stem}{SUFFIX} for a prompt, {folder}/_{name} for a partial",
    )


def _split(error: PromptctlError) -> Sequence[PromptctlError]:
    return error.errors if isinstance(error, Several) else (error,)
