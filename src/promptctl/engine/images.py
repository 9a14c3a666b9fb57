"""The pictures that a case, or a command line, names as files: read, and put in as data URIs.

The bytes become part of the request, and so of its digest: another picture of the same name is another request.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from promptctl.core.case import Case
from promptctl.core.message import Image
from promptctl.core.prompt import InputSpec
from promptctl.core.words import did_you_mean
from promptctl.errors import FileError, Place, PromptctlError, PromptError
from promptctl.store.files import read_bytes
from promptctl.store.trees import MAX_BYTES, Tree
from promptctl.templating.images import data_uri, is_address


def takes_images(inputs: Mapping[str, InputSpec]) -> bool:
    """Whether any of a prompt's inputs is an image."""
    return any(spec.type == "image" for spec in inputs.values())


def names_file(spec: InputSpec | None, value: Any) -> bool:
    """Whether a value of this input is the path of a picture."""
    return spec is not None and spec.type == "image" and isinstance(value, str) and not is_address(value)


def with_case_images(
    values: Mapping[str, Any], case: Case, inputs: Mapping[str, InputSpec], tree: Tree
) -> dict[str, Any]:
    """`values` with the pictures that `case` names, from the tree that it stands in.

    Raises:
        PromptctlError: `bad-image`, or why the file cannot be read, at the case.
    """
    folder = case.place.path.rpartition("/")[0] if case.place else ""
    return _with_images(values, inputs, lambda path: _of_tree(tree, folder, path), case.place)


def with_typed_images(values: Mapping[str, Any], inputs: Mapping[str, InputSpec]) -> dict[str, Any]:
    """`values` with the pictures that a user names on the command line, relative to the current folder."""

    def read(path: str) -> bytes:
        if Path(path).is_file() and Path(path).stat().st_size > MAX_BYTES:
            raise _bad(f"{path} has more than {MAX_BYTES:,} bytes", "scale the picture down")
        return read_bytes(Path(path))

    return _with_images(values, inputs, read, None)


def named_from_case(
    values: Mapping[str, Any], inputs: Mapping[str, InputSpec], root: Path, folder: str
) -> dict[str, Any]:
    """`values` as a case in `folder` (below `root`) names them: its pictures by their paths from there.

    Raises:
        PromptctlError: `bad-image`, a picture that does not lie below that folder.
    """
    found = dict(values)
    for name, value in values.items():
        if names_file(inputs.get(name), value):
            path, beside = Path(value).resolve(), (root / folder).resolve()
            if not path.is_relative_to(beside):
                raise PromptError(
                    f"{name!r}: {value} does not lie below {folder}/, where the case will stand",
                    slug="bad-image",
                    at=f"--var {name}",
                    fix=f"copy the picture to {folder}/ and give that one",
                )
            found[name] = path.relative_to(beside).as_posix()
    return found


def _with_images(
    values: Mapping[str, Any],
    inputs: Mapping[str, InputSpec],
    read: Callable[[str], bytes],
    at: Place | None,
) -> dict[str, Any]:
    found = dict(values)
    for name, value in values.items():
        if names_file(inputs.get(name), value):
            try:
                found[name] = Image(url=data_uri(read(value), value))
            except PromptctlError as error:
                where = at or f"--var {name}"
                raise PromptError(
                    f"{name!r}: {error.message}", slug=error.slug, at=where, fix=error.fix
                ) from error
    return found


def _of_tree(tree: Tree, folder: str, path: str) -> bytes:
    parts = path.split("/")
    if not path or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise _bad(
            f"{path!r} is no file of the case's folder",
            f"put the picture below {folder or '.'}/ and name it from there",
        )
    whole = f"{folder}/{path}" if folder else path
    try:
        return tree.bytes(whole)
    except FileError as error:
        if error.slug == "too-large":
            raise _bad(f"{path} has more than {MAX_BYTES:,} bytes", "scale the picture down") from error
        if error.slug != "no-such-file":
            raise
        near = did_you_mean(path, [name[len(folder) + 1 :] for name in tree.paths(folder)])
        fix = f"{near}a picture is named from {folder or '.'}/, where the case stands; Git must not ignore it"
        raise FileError(f"{whole} is not there", slug=error.slug, at=error.at, fix=fix) from error


def _bad(message: str, fix: str) -> PromptError:
    return PromptError(message, slug="bad-image", fix=fix)
