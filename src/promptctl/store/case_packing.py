"""A suite in another form: case files, one .jsonl file, one .yaml file; and each file in its canonical form.

The forms hold the same values exactly. What JSON has no place for, comments, is never lost unasked.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from promptctl.errors import FileError, Place, PromptctlError, raise_all
from promptctl.store.case_files import case_file
from promptctl.store.case_forms import (
    case_line,
    exact,
    indented,
    refuse_file_name,
    written_yaml,
)
from promptctl.store.documents import decode, read_json_lines, read_yaml
from promptctl.store.json_documents import MAX_LINE_BYTES
from promptctl.store.rewrites import Rewrite
from promptctl.store.suite_files import CASES, SUITE_FILE
from promptctl.store.suites import Suites
from promptctl.store.written_cases import Written, WrittenSuite, read_written
from promptctl.store.yaml_edits import REMOVED, YamlPage
from promptctl.store.yaml_spans import yaml_comments, yaml_spans
from promptctl.templating.images import is_address

BULK = "cases.jsonl"


class Lost(NamedTuple):
    """A comment for which the new form has no place."""

    at: Place
    text: str


class Packed(NamedTuple):
    """A suite's new form: where its cases are then, how many, the change, comments it loses."""

    path: str
    cases: int
    rewrite: Rewrite
    lost: tuple[Lost, ...]


def pack(suites: Suites, suite_id: str, images: Iterable[str] = ()) -> Packed:
    """All cases of a suite in one .jsonl file, sorted by id; settings in suite.yaml.

    Args:
        images: The inputs that take pictures: a case names those from the folder of its file, which changes.

    Raises:
        PromptctlError: a mistake in its files; `line-too-long`, a case that does not fit into a line;
            `picture-out-of-reach`.
    """
    found = _read(suites, suite_id)
    files = suites.files(suite_id)
    folder = f"{suites.folder}/{suite_id}"
    target = files.bulk[0] if len(files.bulk) == 1 else f"{folder}/{BULK}"
    write = {target: _lines(_moved(found.cases, images, target), target)}
    lost = _comments_of(suites, files.cases)
    if files.whole:
        settings, gone = _settings(suites, files.whole)
        write |= _settings_file(folder, settings)
        lost += gone
    remove = [path for path in (files.whole, *files.cases, *files.bulk) if path and path != target]
    read = [*remove, *(path for path in files.bulk if path == target)]
    return Packed(target, len(found.cases), _rewrite(suites, write, remove, read), tuple(lost))


def unpack(suites: Suites, suite_id: str, images: Iterable[str] = ()) -> Packed:
    """A file for each case of a suite, named for its id; settings in suite.yaml. Case files that are there stay.

    Raises:
        PromptctlError: a mistake in its files; `unsafe-file-name`, an id that no file should be named for;
            `picture-out-of-reach`, as `pack`.
    """
    found = _read(suites, suite_id)
    files = suites.files(suite_id)
    folder = f"{suites.folder}/{suite_id}"
    write: dict[str, bytes] = {}
    errors: list[PromptctlError] = []
    lost: list[Lost] = []
    for one in _moved(found.cases, images, f"{folder}/{CASES}/"):
        path = case_file(suites.folder, suite_id, one.id)
        if {path, one.slot.path} & {*files.cases}:
            continue  # read from there, or equal to it: its comments stay
        try:
            refuse_file_name(one.id, one.slot.place)
            write[path] = written_yaml(one.value, path).encode()
        except PromptctlError as error:
            errors.extend(error.each())
    raise_all(errors)
    if files.whole:
        settings, lost = _settings(suites, files.whole)
        write |= _settings_file(folder, settings)
    remove = [path for path in (files.whole, *files.bulk) if path]
    path = f"{folder}/{CASES}/"
    return Packed(path, len(found.cases), _rewrite(suites, write, remove, remove), tuple(lost))


def pack_whole(suites: Suites, suite_id: str, images: Iterable[str] = ()) -> Packed:
    """A suite as one .yaml file: its settings as they are written, then its cases, sorted by id.

    Raises:
        PromptctlError: a mistake in its files; `cannot-edit`, settings that no list of cases can follow;
            `picture-out-of-reach`, as `pack`.
    """
    found = _read(suites, suite_id)
    files = suites.files(suite_id)
    target = f"{suites.folder}/{suite_id}.yaml"
    if files.whole and not (files.settings or files.cases or files.bulk):
        return Packed(target, len(found.cases), Rewrite({}, {}), ())
    values = [one.value for one in _sorted(_moved(found.cases, images, target))]
    settings, lost = _settings(suites, files.whole) if files.whole else (None, [])
    if files.settings:
        own = suites.tree.text(files.settings)
        if settings is not None and settings.rstrip() != own.rstrip():
            raise FileError(
                f"the settings of suite {suite_id} stand in {files.whole}, too, and are others there",
                slug="suite-twice",
                at=Place(files.settings),
                fix="keep one of the two",
            )
        settings = own
    if settings is None:
        text = written_yaml(values, target)
    else:
        joint = "" if not settings or settings.endswith("\n") else "\n"
        text = f"{settings}{joint}cases:\n{indented(written_yaml(values, target), '  ')}"
        said = read_yaml(settings, target).value or {}
        _require_same(text, {**said, "cases": values}, files.settings or target)
    remove = [path for path in (files.settings, *files.cases, *files.bulk) if path]
    lost += _comments_of(suites, files.cases)
    replaced = [*remove, *([files.whole] if files.whole else [])]
    return Packed(
        target, len(values), _rewrite(suites, {target: text.encode()}, remove, replaced), tuple(lost)
    )


def refuse_lost(packed: Packed, *, because: str) -> None:
    """Raises FileError (`comments-lost`) where the new form would lose comments."""
    if packed.lost:
        first = packed.lost[0]
        count = len(packed.lost)
        what = "a comment" if count == 1 else f"{count} comments"
        raise FileError(
            f"{what} would be lost: {because}",
            slug="comments-lost",
            at=first.at,
            fix="move what matters into `why:`, or give --drop-comments",
        )


def lines_of(cases: Iterable[Written]) -> str:
    """Cases as the lines of a .jsonl file, sorted by id."""
    return "".join(f"{case_line(one.value)}\n" for one in _sorted(cases))


def _read(suites: Suites, suite_id: str) -> WrittenSuite:
    found = read_written(suites, suite_id, twice=True)
    if not found.cases:
        raise FileError(
            f"suite {suite_id} has no case",
            slug="empty-suite",
            at=Place(f"{suites.folder}/{suite_id}"),
            fix=f"add one: `promptctl cases add {suite_id}`",
        )
    return found


def _lines(cases: Sequence[Written], target: str) -> bytes:
    """`lines_of`, read back."""
    text = lines_of(cases)
    data = text.encode()
    for one, line in zip(_sorted(cases), text.split("\n"), strict=False):
        if len(line.encode()) > MAX_LINE_BYTES:
            raise FileError(
                f"the case {one.id} would make a line longer than {MAX_LINE_BYTES / 1_000_000:g} MB",
                slug="line-too-long",
                at=one.slot.place,
                fix="keep it in a file of its own",
            )
    read = [line.value for line in read_json_lines(data, target)]
    if list(map(exact, read)) != [exact(one.value) for one in _sorted(cases)]:
        raise AssertionError(target)
    return data


def _moved(cases: Sequence[Written], images: Iterable[str], target: str) -> list[Written]:
    """The cases as they read in a file of another folder: pictures are named from there."""
    names = frozenset(images)
    if not names:
        return list(cases)
    errors: list[PromptctlError] = []
    folder = target.rpartition("/")[0]
    moved = []
    for one in cases:
        given = {name: path for name, path in (one.value.get("vars") or {}).items() if name in names}
        pictures = {
            name: path for name, path in given.items() if isinstance(path, str) and not is_address(path)
        }
        for name, path in pictures.items():
            whole = f"{one.slot.path.rpartition('/')[0]}/{path}"
            if not whole.startswith(f"{folder}/"):
                errors.append(_out_of_reach(one, name, path, folder))
            pictures[name] = whole.removeprefix(f"{folder}/")
        value = {**one.value, "vars": {**one.value["vars"], **pictures}} if pictures else one.value
        moved.append(one._replace(value=value))
    raise_all(errors)
    return moved


def _out_of_reach(one: Written, name: str, path: str, folder: str) -> FileError:
    return FileError(
        f"the case {one.id} names the picture {path} from its own folder, and {folder}/ does not hold it",
        slug="picture-out-of-reach",
        at=one.slot.document.place(*one.slot.keys, "vars", name),
        fix=f"move the picture below {folder}/, where the case will stand",
    )


def _sorted(cases: Iterable[Written]) -> list[Written]:
    return sorted(cases, key=lambda one: one.id)


def _settings(suites: Suites, whole: str) -> tuple[str | None, list[Lost]]:
    """What a suite's one file says apart from its cases, with its comments; and the comments among its cases."""
    data = suites.tree.bytes(whole)
    page = YamlPage(data, whole)
    comments = [Lost(_place(whole, page.text, at), text) for at, text in yaml_comments(page.text)]
    if isinstance(page.value, list):
        spans = yaml_spans(page.text)
        head = page.text[: spans.start] if spans else page.text
        kept = len(yaml_comments(head))
        return head if kept else None, comments[kept:]
    value = page.value or {}
    rest = {key: item for key, item in value.items() if key != "cases"}
    page.put((), {"cases": REMOVED})
    text = decode(page.finish(rest, keep_comments=False), whole)
    kept = len(yaml_comments(text))
    spans = yaml_spans(page.text)
    start = spans.entries["cases"].start if spans and spans.entries and "cases" in spans.entries else 0
    before = sum(at < start for at, _ in yaml_comments(page.text))
    return text if rest or kept else None, comments[before : before + len(comments) - kept]


def _settings_file(folder: str, settings: str | None) -> dict[str, bytes]:
    return {} if settings is None else {f"{folder}/{SUITE_FILE}": settings.encode()}


def _comments_of(suites: Suites, paths: Iterable[str]) -> list[Lost]:
    found = []
    for path in paths:
        text = suites.tree.text(path).replace("\r", "\n")
        if "#" in text:
            found += [Lost(_place(path, text, at), comment) for at, comment in yaml_comments(text)]
    return found


def _place(path: str, text: str, at: int) -> Place:
    return Place(path, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def _require_same(text: str, wanted: Any, name: str) -> None:
    try:
        if exact(read_yaml(text, name).value) == exact(wanted):
            return
    except FileError as error:
        if error.slug == "too-large":
            raise
    raise FileError(
        "a list of cases cannot follow these settings",
        slug="cannot-edit",
        at=Place(name),
        fix="write the settings as `key: value` lines that begin at the left margin",
    )


def _rewrite(suites: Suites, write: dict[str, bytes], remove: Sequence[str], read: Iterable[str]) -> Rewrite:
    """Only what was read may be replaced; another file that stands in the way is refused when it comes to that."""
    return Rewrite({path: suites.tree.bytes(path) for path in read}, write, tuple(remove))
