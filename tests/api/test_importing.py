"""What an import does to a project: new files only, all of one foreign file or none, and a report of it all."""

from pathlib import Path

import pytest

from promptctl.api.importing import import_prompts
from promptctl.errors import PromptctlError
from tests.importers.taking import Taken, taken

PROMPT = "model: gpt-4o\nmessages:\n  - {role: user, content: 'Hi {{name}}'}\n"
CASES = PROMPT + "testData:\n  - {name: Ada}\n"


def content(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def test_an_import_into_an_empty_folder_begins_a_project(tmp_path: Path):
    done = taken(tmp_path, {"a.yml": CASES})

    assert done.files() == ["evals/a.yaml", "prompts/a.prompt.j2"]
    assert done.report.files[0].written == ("prompts/a.prompt.j2", "evals/a.yaml")
    assert content(tmp_path, "prompts/a.prompt.j2") == (
        "---\nmodel: gpt-4o\ninputs:\n  name: string\n---\n{% user %}\nHi {{ name }}\n{% enduser %}\n"
    )


def test_an_import_goes_where_the_project_keeps_its_prompts(tmp_path: Path):
    (tmp_path / "promptctl.toml").write_text('[project]\nprompts = "p"\nevals = "e"\n', encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.yml").write_text(CASES, encoding="utf-8")

    report = import_prompts([str(tmp_path / "a.yml")], folder=tmp_path / "sub")

    assert report.files[0].written == ("p/a.prompt.j2", "e/a.yaml")
    assert (tmp_path / "p" / "a.prompt.j2").is_file()


def test_a_second_import_changes_nothing_and_says_so(tmp_path: Path):
    taken(tmp_path, {"a.yml": CASES})

    again = taken(tmp_path, {"a.yml": CASES})

    assert again.report.files[0].written == ()
    assert again.report.files[0].there == ("prompts/a.prompt.j2", "evals/a.yaml")


def test_what_is_there_is_never_overwritten_and_nothing_is_written_beside_it(tmp_path: Path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "a.yaml").write_text("- {id: mine, watch: true}\n", encoding="utf-8")

    done = taken(tmp_path, {"a.yml": CASES})

    assert [slug for slug, _ in done.refusals] == ["import-exists"]
    assert done.files() == ["evals/a.yaml"]
    assert content(tmp_path, "evals/a.yaml") == "- {id: mine, watch: true}\n"


@pytest.mark.parametrize("name", ["evals/a/suite.yaml", "evals/a/other.yaml"])
def test_a_suite_in_its_other_form_is_in_the_way(tmp_path: Path, name: str):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("[]\n", encoding="utf-8")

    done = taken(tmp_path, {"a.yml": CASES})

    assert [slug for slug, _ in done.refusals] == ["import-exists"]
    assert done.files() == [name]


def test_nothing_is_written_through_a_link(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "prompts").symlink_to(tmp_path / "elsewhere")

    done = taken(tmp_path, {"a.yml": PROMPT})

    assert [slug for slug, _ in done.refusals] == ["import-exists"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_none_of_its_neighbours(tmp_path: Path):
    (tmp_path / "prompts").write_text("no folder", encoding="utf-8")
    (tmp_path / "promptctl.toml").write_text("", encoding="utf-8")

    with pytest.raises(PromptctlError) as caught:
        taken(tmp_path, {"a.yml": CASES})

    assert caught.value.slug == "cannot-write"
    assert not (tmp_path / "evals" / "a.yaml").exists()


def test_another_id_takes_suite_schema_and_tools_with_it(tmp_path: Path):
    schema = 'responseFormat: json_schema\njsonSchema: \'{"name": "n", "schema": {"type": "object"}}\'\n'

    done = taken(tmp_path, {"a.yml": CASES + schema}, name="mail/hello", to="old")

    assert done.files() == [
        "evals/old/mail/hello.yaml",
        "prompts/old/mail/hello.prompt.j2",
        "prompts/schemas/old/mail/hello.json",
    ]
    assert done.prompts.version("old/mail/hello").schema == {"type": "object"}
    assert done.suite("old/mail/hello").prompt == "old/mail/hello"


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "_a", "a/.b", "a b", "a@b"])
def test_an_id_that_no_prompt_can_have_is_refused(tmp_path: Path, name: str):
    for options in ({"name": name}, {"to": name}):
        if options == {"to": "/a"}:
            continue  # slashes at the ends of a folder mean nothing
        with pytest.raises(PromptctlError) as caught:
            taken(tmp_path, {"a.yml": PROMPT}, **options)

        assert caught.value.slug == "usage"


def test_one_name_for_two_prompts_is_refused(tmp_path: Path):
    with pytest.raises(PromptctlError) as caught:
        taken(tmp_path, {"a.yml": PROMPT, "b.yml": PROMPT}, ".", name="c")

    assert caught.value.slug == "usage"


def test_two_files_that_would_be_one_prompt_are_not_both_written(tmp_path: Path):
    done = taken(tmp_path, {"a.yml": PROMPT, "a.prompty": "user:\nHi\n"}, ".")

    assert len(done.report.files) == 1
    assert [slug for slug, _ in done.refusals] == ["import-exists"]


def test_a_folder_is_searched_and_says_what_it_passed_over(tmp_path: Path):
    files = {"x/a.yml": PROMPT, "x/broken.prompty": "---\n", "x/notes.md": "# {x}", "x/data.csv": "a,b\n"}

    done = taken(tmp_path, {**files, "x/flow.yml": "on: push\njobs: {}\n"}, "x")

    assert [file.prompts for file in done.report.files] == [("a",)]
    assert [error.slug for error in done.report.refused] == ["header-not-closed"]
    assert [path.rpartition("/")[2] for path in done.report.passed_over] == [
        "data.csv",
        "flow.yml",
        "notes.md",
    ]


def test_a_folder_can_be_read_in_a_format_that_is_named(tmp_path: Path):
    done = taken(
        tmp_path,
        {"x/a.md": "Hi {name}", "x/b.txt": "Bye {name}", "x/c.yml": "a: 1\n"},
        "x",
        as_format="fstring",
    )

    assert done.prompts.ids == ["a", "b"]
    assert [path.rpartition("/")[2] for path in done.report.passed_over] == ["c.yml"]


def test_a_dry_run_writes_nothing_and_tells_the_same(tmp_path: Path):
    dry = taken(tmp_path, {"a.yml": CASES.replace("gpt-4o", "openai/gpt-4o")}, dry_run=True)

    assert dry.files() == []
    assert dry.report.held_back
    assert dry.report.files[0].written == ("prompts/a.prompt.j2", "evals/a.yaml")
    assert "openai/gpt-4o" in dry.report.config
    assert not dry.report.config_written


def test_strict_writes_nothing_where_something_would_be_left_out(tmp_path: Path):
    left = taken(tmp_path, {"a.yml": PROMPT, "b.yml": PROMPT + "extra: 1\n"}, ".", strict=True)

    assert left.files() == []
    assert left.report.held_back


def test_strict_writes_where_nothing_is_left_out(tmp_path: Path):
    assert taken(tmp_path, {"a.yml": PROMPT}, strict=True).files() == ["prompts/a.prompt.j2"]


def routed(tmp_path: Path, config: str | None, name: str = "promptctl.toml") -> Taken:
    if config is not None:
        (tmp_path / name).write_text(config, encoding="utf-8")
    return taken(tmp_path, {"a.yml": PROMPT.replace("gpt-4o", "openai/gpt-4o")})


def test_a_configuration_that_is_there_is_added_to_by_hand(tmp_path: Path):
    done = routed(tmp_path, "[gate]\nmargin = 0.1\n")

    assert not done.report.config_written
    assert done.report.config.startswith("[models]\n")
    assert content(tmp_path, "promptctl.toml") == "[gate]\nmargin = 0.1\n"


def test_what_is_configured_already_is_not_asked_for(tmp_path: Path):
    done = routed(tmp_path, '[tool.promptctl.models]\n"openai/*" = "openrouter"\n', "pyproject.toml")

    assert done.report.config == ""


def test_a_path_that_is_not_there_is_a_refusal(tmp_path: Path):
    report = import_prompts([str(tmp_path / "none.yml")], folder=tmp_path)

    assert [error.slug for error in report.refused] == ["no-such-file"]
