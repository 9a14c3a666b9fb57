"""Pictures that cases and commands name: read beside the case, sent as data, refused where they lead elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.run import promptctl
from tests.e2e.answering import a_project
from tests.e2e.shop import compared
from tests.pictures import GIF, JPEG, KINDS, OTHER_PNG, PNG, SVG, part, text, uri
from tests.repository import Repo

PROMPT = (
    "---\ninputs: {item: string, photo: {type: image, optional: true}}\n---\n{{ item }}{{ photo | image }}"
)
CASE = "- {id: pear, vars: {item: pear, photo: pear.png}, checks: [not_empty]}\n"


def project(folder: Path, files: dict[str, str | bytes] | None = None, *, cases: str = CASE) -> Repo:
    """A project whose case shows `evals/pear.png`, with `files` over it."""
    held = {"evals/pear.png": PNG, **(files or {})}
    return a_project(folder, cases, {"": "fruit"}, prompt=PROMPT, files=held)


def shown(repo: Repo, *args: str) -> Any:
    """The content of the only message that `promptctl render sort ARGS` would send."""
    done = promptctl("render", "sort", *args, "--json", cwd=repo.path)
    assert done.code == 0, done.err
    [message] = json.loads(done.out)["messages"]
    return message["content"]


def a_case(photo: str) -> str:
    return f"- {{id: pear, vars: {{item: pear, photo: {json.dumps(photo)}}}, checks: [not_empty]}}\n"


# In cases


@pytest.mark.parametrize(("kind", "data"), KINDS.items())
def test_a_picture_beside_its_case_is_sent_as_data(kind: str, data: bytes, tmp_path: Path):
    repo = project(tmp_path, {"evals/pear.png": data})

    assert shown(repo, "--case", "pear") == [text("pear"), part(data, kind)]


def test_a_case_in_a_file_of_its_own_names_pictures_from_its_folder(tmp_path: Path):
    case = {"vars": {"item": "pear", "photo": "pictures/梨.gif"}, "checks": ["not_empty"]}
    files = {"evals/other/cases/a.yaml": yaml.safe_dump(case), "evals/other/cases/pictures/梨.gif": GIF}
    repo = project(tmp_path, {**files, "evals/other/suite.yaml": "prompt: sort"})

    assert shown(repo, "--case", "a") == [text("pear"), part(GIF, "image/gif")]


def test_a_case_in_lines_names_pictures_from_the_folder_of_its_file(tmp_path: Path):
    line = json.dumps({"id": "b", "vars": {"item": "pear", "photo": "b.jpg"}, "checks": ["not_empty"]})
    files = {"evals/other/more.jsonl": line + "\n", "evals/other/b.jpg": JPEG}
    repo = project(tmp_path, {**files, "evals/other/suite.yaml": "prompt: sort"})

    assert shown(repo, "--case", "b") == [text("pear"), part(JPEG, "image/jpeg")]


@pytest.mark.parametrize("address", ["https://x.test/a.png", uri(GIF, "image/gif")])
def test_an_address_is_sent_as_it_is(address: str, tmp_path: Path):
    repo = project(tmp_path, cases=a_case(address))

    assert shown(repo, "--case", "pear") == [
        text("pear"),
        {"type": "image_url", "image_url": {"url": address}},
    ]


def test_input_fills_an_image_where_that_is_the_only_one(tmp_path: Path):
    prompt = "---\ninputs: {photo: image}\n---\n{{ photo | image }}"
    repo = project(
        tmp_path, {"prompts/sort.prompt.j2": prompt}, cases="- {id: a, input: pear.png, watch: true}\n"
    )

    assert shown(repo, "--case", "a") == [part()]


REFUSED: dict[str, tuple[str, dict[str, str | bytes], str]] = {
    "climbs": ("../promptctl.toml", {}, "bad-image"),
    "climbs on its way": ("a/../../pear.png", {}, "bad-image"),
    "is a whole path": ("/etc/passwd", {}, "bad-image"),
    "is a path of another system": ("a\\pear.png", {}, "bad-image"),
    "is nothing": ("", {}, "bad-image"),
    "is the folder": (".", {}, "bad-image"),
    "is a file address": ("file:///etc/passwd", {}, "bad-image"),
    "is unencrypted": ("http://x.test/a.png", {}, "bad-image"),
    "is not there": ("paer.png", {}, "no-such-file"),
    "is a drawing": ("a.svg", {"evals/a.svg": SVG}, "bad-image"),
    "is a text that says it is a picture": ("a.png", {"evals/a.png": b"hello"}, "bad-image"),
    "is another case": ("sort.yaml", {}, "bad-image"),
    "is huge": ("a.png", {"evals/a.png": PNG + bytes(5_000_000)}, "bad-image"),
}


@pytest.mark.parametrize(("photo", "files", "slug"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("command", [("test", "--no-base"), ("render", "sort", "--case", "pear"), ("lint",)])
def test_a_case_is_refused_whose_picture(
    command: tuple[str, ...], photo: str, files: dict[str, str | bytes], slug: str, tmp_path: Path
):
    repo = project(tmp_path, files, cases=a_case(photo))

    done = promptctl(*command, cwd=repo.path)

    said = done.out + done.err
    assert done.code == 2
    assert f"[{slug}]" in said
    assert "evals/sort.yaml:1:3" in said
    assert "'photo'" in said
    assert "root:" not in said


def test_a_picture_that_is_not_there_names_the_nearest(tmp_path: Path):
    repo = project(tmp_path, cases=a_case("paer.png"))

    assert 'did you mean "pear.png"?' in promptctl("render", "sort", "--case", "pear", cwd=repo.path).err


@pytest.mark.parametrize("linked", ["evals/pear.png", "evals/pictures"])
def test_a_linked_picture_is_refused_in_the_work_tree_and_in_a_commit(linked: str, tmp_path: Path):
    name = "pear.png" if linked.endswith(".png") else "pictures/pear.png"
    repo = project(tmp_path, cases=a_case(name))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "pear.png").write_bytes(PNG)
    if linked == "evals/pear.png":
        (repo.path / linked).unlink()
    repo.symlink(linked, str(tmp_path / "outside" / ("pear.png" if name == "pear.png" else "")))

    here = promptctl("test", "--no-base", cwd=repo.path)
    repo.commit("link")
    there = promptctl("test", "--no-base", "--head", "HEAD", cwd=repo.path)

    assert (here.code, there.code) == (2, 2)
    assert "[symlink]" in here.err
    assert "[symlink]" in there.err


def test_a_picture_that_git_ignores_is_not_there(tmp_path: Path):
    repo = project(tmp_path, {".gitignore": "*.gif\n"}, cases=a_case("a.gif"))
    (repo.path / "evals" / "a.gif").write_bytes(GIF)

    done = promptctl("render", "sort", "--case", "pear", cwd=repo.path)

    assert (done.code, "[no-such-file]" in done.err, "ignore" in done.err) == (2, True, True)


# In comparisons


def test_both_sides_see_heads_picture(tmp_path: Path):
    repo = project(tmp_path)
    repo.branch("change").write({"prompts/sort.prompt.j2": PROMPT + "!", "evals/pear.png": OTHER_PNG})

    found = compared(repo.path)

    assert found.state("pear") == "pass"
    assert found.sent == 2
    assert shown(repo, "--case", "pear")[1] == part(OTHER_PNG)
    old = json.loads(promptctl("render", "sort@main", "--case", "pear", "--json", cwd=repo.path).out)
    assert old["messages"][0]["content"] == [text("pear"), part(OTHER_PNG)]


def test_another_picture_of_the_same_name_is_asked_once_for_both_sides(tmp_path: Path):
    repo = project(tmp_path)
    compared(repo.path, "--no-base")
    repo.branch("change").write({"evals/pear.png": OTHER_PNG})

    found = compared(repo.path)

    assert (found.state("pear"), found.sent) == ("unchanged", 1)


def test_a_picture_that_no_case_shows_changes_nothing(tmp_path: Path):
    repo = project(tmp_path, {"evals/_more/plum.png": PNG})
    compared(repo.path, "--no-base")
    repo.branch("change").write({"evals/_more/plum.png": OTHER_PNG})

    assert compared(repo.path).sent == 0


def test_a_picture_that_only_base_needs_comes_from_base(tmp_path: Path):
    needs = PROMPT.replace("photo: {type: image, optional: true}", "photo: image")
    repo = project(tmp_path, {"prompts/sort.prompt.j2": needs})
    repo.branch("change").write(
        {
            "prompts/sort.prompt.j2": "---\ninputs: {item: string}\n---\n{{ item }}",
            "evals/sort.yaml": "- {id: pear, vars: {item: pear}, checks: [not_empty]}\n",
            "evals/pear.png": None,
        }
    )

    found = compared(repo.path)

    assert (found.state("pear"), found.sent) == ("pass", 2)


# On the command line


def test_a_picture_is_named_from_the_folder_where_it_is_typed(tmp_path: Path):
    repo = project(tmp_path)
    (repo.path / "deep").mkdir()
    (repo.path / "deep" / "new.gif").write_bytes(GIF)

    done = promptctl("render", "sort", "--var", "item=x", "--var", "photo=new.gif", cwd=repo.path / "deep")
    above = promptctl(
        "render", "sort", "--var", "item=x", "--var", "photo=../evals/pear.png", cwd=repo.path / "deep"
    )

    assert "[image: gif, 26 bytes]" in done.out.splitlines()
    assert "[image: png, 70 bytes]" in above.out.splitlines()


@pytest.mark.parametrize(
    ("photo", "slug"),
    [
        ("none.png", "cannot-read"),
        ("evals", "cannot-read"),
        ("script.json", "bad-image"),
        ("http://x", "bad-image"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_refused_where_it_was_typed(photo: str, slug: str, tmp_path: Path):
    done = promptctl(
        "render", "sort", "--var", "item=x", "--var", f"photo={photo}", cwd=project(tmp_path).path
    )

    assert (done.code, f"[{slug}]" in done.err) == (2, True)
    assert "photo" in done.err
    assert "promptctl ask" not in done.err


def test_an_answer_about_a_picture_is_kept_with_the_path_from_its_case(tmp_path: Path):
    repo = project(tmp_path)
    args = ("ask", "sort", "--var", "item=x", "--var", "photo=pear.png", "--save")

    done = promptctl(*args, cwd=repo.path / "evals")

    assert done.code == 0, done.err
    cases = yaml.safe_load((repo.path / "evals" / "sort.yaml").read_text())
    assert cases[1]["vars"] == {"item": "x", "photo": "pear.png"}
    tested = promptctl("test", "--no-base", "--offline", "--case", cases[1]["id"], cwd=repo.path)
    assert "1 of 1 pass" in tested.out


def test_a_picture_that_a_case_could_not_name_is_refused_before_anything_is_asked(tmp_path: Path):
    repo = project(tmp_path)
    (tmp_path / "far.png").write_bytes(PNG)

    done = promptctl(
        "ask", "sort", "--var", "item=x", "--var", f"photo={tmp_path}/far.png", "--save", cwd=repo.path
    )

    assert (done.code, done.out) == (2, "")
    assert "[bad-image]" in done.err
    assert "copy the picture to evals/" in done.err
