"""Without `--base` and `--head`, the command compares what a person at that place would mean."""

from pathlib import Path

from tests.cli.run import promptctl
from tests.e2e.shop import BROKEN, PROMPT, SUITE, cases, compared, shop_in, sorting
from tests.repository import Repo

WORKTREE = {"label": "WORKTREE", "commit": None, "dirty": True}


def test_on_a_branch_the_base_is_where_it_left_main(tmp_path: Path):
    shop = shop_in(tmp_path)
    left = shop.head
    shop.branch("change").commit("change", {PROMPT: sorting(**BROKEN)})
    change = shop.head
    shop.checkout("main").commit("main goes on", {PROMPT: sorting(mint="spice")})
    shop.checkout("change")

    result = compared(shop.path).result

    assert result["base"] == {"label": "main", "commit": left, "dirty": False}
    assert result["head"] == {"label": "WORKTREE", "commit": change, "dirty": False}


def test_a_dirty_tree_on_a_branch_is_the_head(tmp_path: Path):
    shop = shop_in(tmp_path)
    left = shop.head
    shop.branch("change").commit("nothing of weight", {"README": "a shop\n"})
    shop.write({PROMPT: sorting(**BROKEN)})

    tested = compared(shop.path)

    assert (tested.result["base"]["commit"], tested.result["head"]) == (left, WORKTREE)
    assert tested.state("pear") == "broken"


def test_a_file_that_was_never_added_belongs_to_the_head(tmp_path: Path):
    shop = shop_in(tmp_path, {SUITE: None})
    shop.branch("change").write({SUITE: cases()})

    assert compared(shop.path).suite["counts"]["new_pass"] == 5


def test_an_ignored_file_belongs_to_no_side(tmp_path: Path):
    shop = shop_in(tmp_path, {".gitignore": "draft*\n"})

    shop.branch("change").write({"prompts/draft.prompt.j2": "{{ unfinished", PROMPT: sorting(**BROKEN)})

    assert [entry["prompt"] for entry in compared(shop.path).result["affected"]] == ["sort"]


def test_on_a_dirty_main_the_base_is_the_last_commit(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.commit("again", {"README": "a shop\n"})
    shop.write({PROMPT: sorting(**BROKEN)})

    tested = compared(shop.path)

    assert tested.result["base"] == {"label": "HEAD", "commit": shop.head, "dirty": False}
    assert tested.result["head"] == WORKTREE
    assert tested.code == 1


def test_on_a_clean_main_there_is_nothing_to_compare(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.commit("again", {PROMPT: sorting(**BROKEN)})

    done = promptctl("test", cwd=shop.path)

    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("PASS  nothing to compare")
    assert "the last commit: `promptctl test --base HEAD~1`" in done.out


def test_the_advice_for_a_clean_main_works(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.commit("again", {PROMPT: sorting(**BROKEN)})

    tested = compared(shop.path, "--base", "HEAD~1")

    assert (tested.code, tested.state("pear")) == (1, "broken")


def test_the_first_commit_of_main_is_scored_alone(tmp_path: Path):
    tested = compared(shop_in(tmp_path).path)

    assert (tested.code, tested.rules, tested.result["base"]) == (0, ["no-base"], None)


def test_before_the_first_commit_head_is_scored_alone(tmp_path: Path):
    shop = Repo(tmp_path / "shop").write({PROMPT: sorting(), SUITE: cases()})

    tested = compared(shop.path)

    assert (tested.code, tested.rules, tested.result["base"]) == (0, ["no-base"], None)


def test_a_shallow_checkout_of_a_merge_is_compared_with_its_first_parent(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").commit("change", {PROMPT: sorting(**BROKEN)})
    main = shop.checkout("main").commit("main goes on", {"README": "a shop\n"})
    merge = shop.merge("change")
    checkout = shop.clone(tmp_path / "runner" / "checkout", depth=2).checkout("HEAD", detach=True)

    tested = compared(checkout.path)

    assert tested.result["base"] == {"label": "HEAD^1", "commit": main, "dirty": False}
    assert tested.result["head"] == {"label": "WORKTREE", "commit": merge, "dirty": False}
    assert (tested.code, tested.state("pear")) == (1, "broken")


def test_a_checkout_too_shallow_for_its_base_says_which_depth_it_needs(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.branch("change").commit("change", {PROMPT: sorting(**BROKEN)})
    shop.checkout("main").merge("change")
    checkout = shop.clone(tmp_path / "runner" / "checkout", depth=1).checkout("HEAD", detach=True)

    done = promptctl("test", cwd=checkout.path)

    assert done.code == 3
    assert "[no-base-revision]" in done.err
    assert "fetch-depth: 2" in done.err


def test_the_branch_of_another_clone_is_compared_with_main_at_origin(tmp_path: Path):
    shop = shop_in(tmp_path)
    left = shop.head
    shop.branch("change").commit("change", {PROMPT: sorting(**BROKEN)})
    clone = shop.clone(tmp_path / "elsewhere" / "clone")

    base = compared(clone.path).result["base"]

    assert (base["label"], base["commit"]) == ("origin/main", left)


def test_without_a_default_branch_the_way_out_is_named(tmp_path: Path):
    shop = shop_in(tmp_path)
    shop.git("branch", "--move", "main", "trunk")
    shop.branch("change").write({PROMPT: sorting(**BROKEN)})

    done = promptctl("test", cwd=shop.path)

    assert done.code == 3
    assert "[no-base-revision]" in done.err
    assert "--base" in done.err


def test_a_project_below_the_git_root_is_found_from_any_of_its_folders(tmp_path: Path):
    repo = Repo(tmp_path / "mono")
    repo.commit("start", {f"apps/shop/{PROMPT}": sorting(), f"apps/shop/{SUITE}": cases()})
    left = repo.head
    repo.branch("change").write({f"apps/shop/{PROMPT}": sorting(**BROKEN)})

    tested = compared(repo.path / "apps/shop/prompts")

    assert tested.result["base"] == {"label": "main", "commit": left, "dirty": False}
    assert tested.suite["changed"] == [PROMPT]
    assert (tested.code, tested.state("pear")) == (1, "broken")


def test_what_lies_beside_the_project_does_not_make_main_dirty(tmp_path: Path):
    repo = Repo(tmp_path / "mono")
    repo.commit("start", {f"apps/shop/{PROMPT}": sorting(), f"apps/shop/{SUITE}": cases()})
    repo.commit("again", {"README": "all of it\n"})
    repo.write({"apps/other.py": "print()\n", "README": "edited\n"})

    tested = compared(repo.path / "apps/shop")

    assert (tested.code, tested.result["suites"]) == (0, [])
    assert "nothing to compare" in tested.last_line


def test_two_prompts_are_compared_on_the_suite_of_the_head(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/sort-short.prompt.j2": sorting(**BROKEN)})

    tested = compared(shop.path, "--base", "sort-short@main", "--head", "sort@WORKTREE", "sort")

    assert (tested.suite["suite"], tested.state("pear")) == ("sort", "fixed")
