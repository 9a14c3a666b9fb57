"""`cases_root`: cases that lie on the disk alone, beside the repository, and add to those that Git keeps."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.run import Done, promptctl
from tests.e2e.shop import BROKEN, PROMPT, SUITE, cases, compared, shop_in, sorting
from tests.pictures import PNG, part
from tests.repository import Repo

ROOT = '[project]\ncases_root = "{}"\n'
KALE = "input: kale\nexpected: vegetable\n"
FILES = {"sort/cases/kale.yaml": KALE}
PUBLIC = {SUITE: cases(kale="-")}


def private_shop(
    folder: Path,
    files: dict[str, str | bytes] | None = None,
    *,
    root: str = "../private",
    more: dict[str, str | bytes | None] | None = None,
) -> Repo:
    """The shop with every case but kale in Git, and `files` in the folder beside it; `more` is committed, too."""
    private = folder / "private"
    for name, content in (FILES if files is None else files).items():
        path = private / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return shop_in(folder, {**PUBLIC, "promptctl.toml": ROOT.format(root), **(more or {})})


def run(repo: Repo, *args: str) -> Done:
    done = promptctl(*args, cwd=repo.path)
    assert "Traceback" not in done.err
    return done


def kept(repo: Repo) -> str:
    """Everything in the work tree that Git would keep, as one text."""
    names = repo.git("ls-files", "--cached", "--others", "--exclude-standard").split("\n")
    return "".join(
        f"{name}\n{(repo.path / name).read_text()}" for name in names if (repo.path / name).exists()
    )


# What is there


@pytest.mark.parametrize(
    "files",
    [
        FILES,
        {"sort.yaml": "- {id: kale, input: kale, expected: vegetable}\n"},
        {"sort.yaml": "cases:\n- {id: kale, input: kale, expected: vegetable}\n"},
        {"sort/any.jsonl": '{"id": "kale", "input": "kale", "expected": "vegetable"}\n'},
        {"greens/suite.yaml": "prompt: sort\n", "greens/cases/kale.yaml": KALE},
    ],
    ids=["a file a case", "a list", "a mapping with cases", "lines", "a suite of its own"],
)
def test_both_sides_see_the_same_private_cases(files: dict[str, str | bytes], tmp_path: Path):
    shop = private_shop(tmp_path, files)
    shop.commit("break", {PROMPT: sorting(kale="herb")})

    tested = compared(shop.path, "--base", "HEAD~1", "--head", "HEAD")

    states = {one["case"]: one["state"] for suite in tested.result["suites"] for one in suite["results"]}
    assert (states["kale"], states["apple"]) == ("broken", "pass")
    assert "1 private case from ../private: the same on both sides" in tested.report


def test_without_a_base_the_note_names_no_sides(tmp_path: Path):
    tested = compared(private_shop(tmp_path).path, "--no-base")

    assert [note for note in tested.suite["notes"] if "private" in note] == ["1 private case from ../private"]


@pytest.mark.parametrize("root", ["{}", "~/private", "./../private//"])
def test_the_folder_may_be_named_in_any_way(root: str, tmp_path: Path):
    shop = private_shop(tmp_path, root=root.format(tmp_path / "private"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "private").symlink_to(tmp_path / "private")

    shown = run(shop, "cases", "show", "kale")

    names = {"{}": tmp_path / "private", "~/private": tmp_path / "home/private"}
    assert f"sort/kale   {names.get(root, '../private')}/sort/cases/kale.yaml:1:1\n" in shown.out


@pytest.mark.parametrize("root", ["mine", "evals/mine"])
def test_the_folder_may_lie_in_the_repository_if_git_ignores_it(root: str, tmp_path: Path):
    shop = private_shop(tmp_path, root=root, more={".gitignore": "mine/\n"})
    (tmp_path / "private").rename(shop.path / root)

    assert "sort     5 active" in run(shop, "list").out


def test_a_folder_below_the_suites_is_not_read_as_suites_of_the_project(tmp_path: Path):
    shop = private_shop(tmp_path, root="evals/mine")
    (tmp_path / "private").rename(shop.path / "evals/mine")
    (shop.path / ".git").rename(tmp_path / "git")  # without Git, nothing is ignored

    assert "mine" not in run(shop, "list").out


def test_a_folder_that_git_would_keep_is_refused(tmp_path: Path):
    shop = private_shop(tmp_path, root="mine")
    (tmp_path / "private").rename(shop.path / "mine")
    (shop.path / ".gitignore").write_text("mine/\n")
    shop.git("add", "--force", "mine")

    assert "[private-in-git]" in run(shop, "test").err


def test_a_bare_repository_takes_an_absolute_path(tmp_path: Path):
    shop = private_shop(tmp_path, root=str(tmp_path / "private"))
    shop.git("clone", "--quiet", "--bare", ".", str(tmp_path / "shop.git"))

    assert "sort     5 active" in promptctl("list", cwd=tmp_path / "shop.git").out


def test_a_picture_of_a_private_case_lies_beside_it(tmp_path: Path):
    prompt = "---\ninputs: {photo: image}\n---\n{{ photo | image }}"
    case = "vars: {photo: a.png}\nchecks: [not_empty]\n"
    files: dict[str, str | bytes] = {"look/cases/one.yaml": case, "look/cases/a.png": PNG}
    shop = private_shop(tmp_path, files, more={"prompts/look.prompt.j2": prompt})

    done = run(shop, "render", "look", "--case", "one", "--json")

    assert json.loads(done.out)["messages"][0]["content"] == [part(PNG)]


def test_private_recorded_answers_replay_private_cases(tmp_path: Path):
    shop = private_shop(tmp_path)
    run(shop, "test", "--no-base")
    run(shop, "answers", "export", "sort")
    (shop.path / ".promptctl" / "answers.db").unlink()

    tested = compared(shop.path, "--no-base", "--offline")

    assert (tested.sent, tested.suite["counts"]["pass"] + tested.suite["counts"]["new_pass"]) == (0, 5)


# What is not there


def test_without_the_folder_the_other_cases_decide(tmp_path: Path):
    shop = private_shop(tmp_path, {})
    shop.commit("break", {PROMPT: sorting(**BROKEN)})
    said = "cases_root ../private is not there: its cases are not run"

    tested = compared(shop.path, "--base", "HEAD~1", "--head", "HEAD")
    listed, linted = run(shop, "list"), run(shop, "lint")

    assert (tested.state("pear"), said in tested.report) == ("broken", True)
    assert (listed.code, said in listed.err) == (0, True)
    assert (linted.code, said in linted.out) == (0, True)


def test_a_project_whose_cases_are_all_private_passes_where_they_are_not(tmp_path: Path):
    shop = private_shop(tmp_path, {}, more={SUITE: None, "evals/sort/suite.yaml": "samples: 1\n"})
    shop.commit("break", {PROMPT: sorting(**BROKEN)})

    tested, linted = compared(shop.path, "--base", "HEAD~1", "--head", "HEAD"), run(shop, "lint")

    assert (tested.code, tested.result["suites"], linted.code) == (0, [], 0)


def test_a_selector_of_what_is_not_there_says_why(tmp_path: Path):
    done = run(private_shop(tmp_path, {}), "test", "greens", "--no-base")

    assert (done.code, "cases_root ../private is not there" in done.err) == (2, True)


# What is wrong


@pytest.mark.parametrize(
    ("root", "slug"),
    [
        ("promptctl.toml", "bad-path"),
        ("promptctl.toml/x", "cannot-read"),
        ("evals", "bad-path"),
        ("..", "bad-path"),
    ],
)
@pytest.mark.parametrize("command", ["list", "lint", "test"])
def test_what_cannot_be_the_folder_is_refused(command: str, root: str, slug: str, tmp_path: Path):
    done = run(private_shop(tmp_path, root=root), command)

    assert done.code == 2
    assert f"error: cases_root {root} " in done.err
    assert f"[{slug}]" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_inside_that_may_not_be_opened_is_an_error(tmp_path: Path):
    shop = private_shop(tmp_path)
    (tmp_path / "private" / "sort").chmod(0)

    done = run(shop, "list")

    assert (done.code, "[cannot-read]" in done.err) == (2, True)


def test_settings_in_both_places_name_both(tmp_path: Path):
    shop = private_shop(
        tmp_path,
        {"sort/suite.yaml": "samples: 2\n"},
        more={SUITE: None, "evals/sort/suite.yaml": "samples: 1\n"},
    )

    done = run(shop, "lint")

    assert "suite 'sort' stand both in evals/sort/suite.yaml and in ../private/sort/suite.yaml" in done.out
    assert (done.code, "[suite-twice]" in done.out) == (2, True)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("checks: [not_empty]\ncases: []\n", "suite-twice"),
        ("apple\n", "wrong-type"),
        ("cases: {a: b}\n", "wrong-type"),
        ("- apple\n", "wrong-type"),
    ],
)
def test_a_private_list_is_nothing_but_a_list_of_cases(text: str, slug: str, tmp_path: Path):
    done = run(private_shop(tmp_path, {"sort.yaml": text}), "lint")

    assert (done.code, f"[{slug}]\n  at   ../private/sort.yaml:1:" in done.out) == (2, True)


def test_an_id_in_both_places_names_both(tmp_path: Path):
    done = run(private_shop(tmp_path, {"sort/cases/pear.yaml": "input: leek\nexpected: x\n"}), "lint")

    assert "'pear' (evals/sort.yaml:2:3) and 'pear' are the same  [duplicate-id]" in done.out
    assert "at   ../private/sort/cases/pear.yaml:1:1" in done.out


def test_a_mistake_in_a_private_case_is_named_at_its_place(tmp_path: Path):
    done = run(private_shop(tmp_path, {"sort/cases/kale.yaml": "inptu: kale\n"}), "lint", "../private")

    assert "  at   ../private/sort/cases/kale.yaml:1:1\n" in done.out


def test_a_link_inside_is_refused(tmp_path: Path):
    shop = private_shop(tmp_path)
    (tmp_path / "private/sort/cases/more.yaml").symlink_to("kale.yaml")

    done = run(shop, "test")

    assert "error: ../private/sort/cases/more.yaml is a symbolic link  [symlink]" in done.err


def test_a_check_names_no_file_of_the_private_folder(tmp_path: Path):
    case = KALE + "checks: [{blocklist: {file: ../private/words.txt}}]\n"
    done = run(private_shop(tmp_path, {"sort/cases/kale.yaml": case, "words.txt": "x\n"}), "lint")

    assert (done.code, "[outside-prompts]" in done.out) == (2, True)


# Commands that write


def test_commands_that_change_a_case_change_it_in_place(tmp_path: Path):
    shop = private_shop(
        tmp_path,
        {
            "sort/cases/kale.yaml": KALE,
            "greens.yaml": "prompt: sort\ncases:\n- {input: leek, expected: vegetable}\n",
        },
    )
    before = kept(shop)

    done = [run(shop, "cases", *args).code for args in (["fmt"], ["retire", "kale"], ["pack", "greens"])]

    assert (done, kept(shop)) == ([0, 0, 0], before)
    assert "status: retired" in (tmp_path / "private/sort/cases/kale.yaml").read_text()
    assert '"input": "leek"' in (tmp_path / "private/greens/cases.jsonl").read_text()


def test_packing_a_suite_leaves_its_private_cases_where_they_are(tmp_path: Path):
    shop = private_shop(tmp_path)

    run(shop, "cases", "pack", "sort")

    assert "kale" not in (shop.path / "evals/sort/cases.jsonl").read_text()
    assert (tmp_path / "private/sort/cases/kale.yaml").read_text() == KALE


@pytest.mark.parametrize(
    ("args", "path"),
    [
        (["sort"], "shop/evals/sort.yaml"),
        (["sort", "--private"], "private/sort/cases/new.yaml"),
        (["greens"], "private/greens/cases/new.yaml"),
    ],
)
def test_a_new_case_goes_where_its_suite_is_unless_it_is_to_be_private(
    args: list[str], path: str, tmp_path: Path
):
    shop = private_shop(tmp_path, {**FILES, "greens/suite.yaml": "prompt: sort\n"})

    done = run(shop, "cases", "add", *args, "--id", "new", "--input", "a beet", "--expected", "vegetable")

    assert (done.code, "a beet" in (tmp_path / path).read_text()) == (0, True)


@pytest.mark.parametrize(
    ("files", "toml"), [({}, ROOT.format("../private")), (FILES, "[project]\n")], ids=["absent", "not named"]
)
def test_a_private_case_needs_a_folder(files: dict[str, str | bytes], toml: str, tmp_path: Path):
    shop = private_shop(tmp_path, files, more={"promptctl.toml": toml})

    done = run(shop, "cases", "add", "sort", "--private", "--input", "beet", "--expected", "vegetable")

    assert (done.code, "[no-private-cases]" in done.err, (tmp_path / "private").exists()) == (
        2,
        True,
        bool(files),
    )


def test_rows_for_a_private_suite_become_private_cases(tmp_path: Path):
    shop = private_shop(tmp_path, {"greens/suite.yaml": "prompt: sort\n", "greens/cases/kale.yaml": KALE})
    (tmp_path / "rows.csv").write_text("id,input,expected\nbeet,beet,vegetable\n")
    before = kept(shop)

    done = run(shop, "cases", "import", "greens", "--csv", "../rows.csv")

    assert (done.code, kept(shop)) == (0, before)
    assert (tmp_path / "private/greens/cases/beet.yaml").is_file()


def test_exported_answers_of_private_cases_stay_beside_them(tmp_path: Path):
    shop = private_shop(tmp_path)
    run(shop, "test", "--no-base")

    run(shop, "answers", "export", "sort")

    assert (shop.path / "evals/sort/answers/sort.jsonl").read_text().count("\n") == 4
    assert "kale" in (tmp_path / "private/sort/answers/sort.jsonl").read_text()
    assert '"case": "kale"' not in kept(shop)


def test_accepting_a_private_case_never_writes_its_id_into_git(tmp_path: Path):
    shop = private_shop(
        tmp_path,
        {
            **FILES,
            "greens/suite.yaml": "prompt: sort\n",
            "greens/cases/dill.yaml": "input: dill\nexpected: herb\n",
        },
    )
    before = kept(shop)

    refused = run(shop, "cases", "accept", "kale", "--what", "broken", "--because", "meant")
    written = run(shop, "cases", "accept", "dill", "--what", "broken", "--because", "meant")

    assert (refused.code, "[private-case]" in refused.err, written.code, kept(shop)) == (2, True, 0, before)
    assert "case: dill" in (tmp_path / "private/greens/suite.yaml").read_text()
