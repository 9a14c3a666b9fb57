"""A prompt that says what it was called on base is compared with that, however different its text is."""

from pathlib import Path

from tests.cli.run import promptctl
from tests.e2e.shop import PROMPT, SUITE, cases, compared, examples, shop_in, sorting
from tests.repository import Repo

NEW, NEW_SUITE = "prompts/kind.prompt.j2", "evals/kind.yaml"


def rewritten(named: str = "sort", **changed: str) -> str:
    """The same worked examples in other words, in which no line of the old text but theirs is left."""
    spread = "".join(f"{line}\n\n\n\n" for line in examples(**changed).splitlines() if line)
    return f"---\nrenamed_from: {named}\n---\nWhich kind of green?\n\n\n{spread}\n\nGreen: {{{{ green }}}}\nKind:"


def renamed(folder: Path, text: str, **more: str) -> Repo:
    shop = shop_in(folder)
    shop.branch("change").write({PROMPT: None, SUITE: None, NEW: text, NEW_SUITE: cases(), **more})
    return shop


def test_a_renamed_and_rewritten_prompt_is_compared_with_the_one_it_was(tmp_path: Path):
    found = compared(renamed(tmp_path, rewritten(pear="herb")).path)

    assert found.state("pear") == "broken"
    assert found.suite["prompt"] == "kind"
    assert "compared with sort of base" in found.suite["notes"]
    assert not [note for note in found.result["notes"] if "removed" in note]


def test_without_the_name_it_is_a_new_prompt(tmp_path: Path):
    text = rewritten(pear="herb").replace("renamed_from: sort\n", "")

    found = compared(renamed(tmp_path, text).path)

    assert found.state("pear") == "new_fail"
    assert any("prompt sort is removed" in note for note in found.result["notes"])


def test_the_name_counts_before_the_likeness_of_another(tmp_path: Path):
    shop = shop_in(tmp_path, {"prompts/like.prompt.j2": rewritten().partition("---\n")[2]})
    shop.branch("change").write({PROMPT: None, SUITE: None, "prompts/like.prompt.j2": None})
    shop.write({NEW: rewritten(), NEW_SUITE: cases()})

    assert "compared with sort of base" in compared(shop.path).suite["notes"]


def test_a_name_that_stays_in_the_header_after_the_merge_changes_nothing(tmp_path: Path):
    shop = renamed(tmp_path, rewritten())
    shop.commit("renamed")
    shop.branch("later").write({NEW: rewritten(pear="herb")})

    found = compared(shop.path, "--base", "change")

    assert found.state("pear") == "broken"
    assert not [note for note in found.suite["notes"] if "compared with" in note]


def test_the_cases_of_today_can_be_rendered_under_the_former_name(tmp_path: Path):
    shop = renamed(tmp_path, rewritten())

    done = promptctl("render", "sort@main", "--case", "pear", cwd=shop.path)

    assert done.code == 0, done.err
    assert done.out.startswith("--- user\nSay what kind it is.")


def test_a_schema_and_a_tool_go_along_with_a_renamed_prompt(tmp_path: Path):
    header = "---\noutput: {schema: s.json}\n---\n"
    shop = shop_in(tmp_path, {PROMPT: header + sorting(), "prompts/s.json": '{"type": "string"}'})
    shop.branch("change").write({PROMPT: None, SUITE: None, NEW: header + sorting(), NEW_SUITE: cases()})

    found = compared(shop.path)

    assert found.rules == ["nothing-changed"]
