import json
from contextlib import closing
from pathlib import Path

import pytest

from promptctl.api.project import Project
from promptctl.core.exchange import AnswerKey, Output
from promptctl.engine.answering import own_store
from tests.cli.run import Done, promptctl
from tests.repository import Repo

FILES = {
    "promptctl.toml": '[project]\nmodel = "pipeline"\n',
    "prompts/reply.prompt.j2": "Reply to: {{ ticket }}\n",
    "evals/reply.yaml": "- {id: late, input: late, expected: soon}\n- {id: lost, input: lost, expected: sorry}\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit("first", FILES)
    repo.commit("kinder", {"prompts/reply.prompt.j2": "Be kind. Reply to: {{ ticket }}\n"})
    return repo


def take(repo: Repo, *lines: object, prompt: str = "reply", more: tuple[str, ...] = ()) -> Done:
    """`promptctl answers import` of these lines; a text is a line as it stands."""
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (repo.path.parent / "out.jsonl").write_text(text)
    return promptctl("answers", "import", "../out.jsonl", "--prompt", prompt, *more, cwd=repo.path)


def test_imported_outputs_of_two_revisions_are_compared_without_a_call(repo: Repo):
    take(repo, {"case": "late", "output": "soon"}, {"case": "lost", "output": "sorry"}, prompt="reply@HEAD~1")
    take(repo, {"case": "late", "output": "now"}, {"case": "lost", "output": "sorry"})

    done = promptctl("test", "--base", "HEAD~1", "--offline", "--json", "-", cwd=repo.path)

    suite = json.loads(done.out)["suites"][0]
    assert (suite["counts"]["broken"], suite["counts"]["pass"]) == (1, 1)
    assert {trial["from"] for found in suite["results"] for trial in found["base"] + found["head"]} == {
        "imported"
    }


def test_importing_a_file_twice_adds_nothing(repo: Repo):
    lines = {"case": "late", "output": "soon"}, {"case": "lost", "output": "sorry"}

    first, again = take(repo, *lines), take(repo, *lines)

    assert first.out == "2 new, 0 already there, for reply under pipeline\n"
    assert again.out == "0 new, 2 already there, for reply under pipeline\n"
    assert (first.code, again.code) == (0, 0)


def test_an_output_that_took_longer_the_second_time_is_the_same_output(repo: Repo):
    take(repo, {"case": "late", "output": "soon", "seconds": 1.5})

    again = take(repo, {"case": "late", "output": "soon", "seconds": 1.7})

    assert again.out.startswith("0 new, 1 already there")


def test_nothing_is_imported_where_one_line_is_wrong_and_every_wrong_line_is_named(repo: Repo):
    done = take(
        repo,
        {"case": "late", "output": "soon"},
        {"case": "lte", "output": "soon"},
        {"case": "late", "output": "now"},
        "not json",
        {"case": "lost"},
        {"case": "lost", "output": "x", "sample": 1000},
        {"case": "lost", "output": "x", "seconds": "fast", "score": 1},
        [1],
        {"case": 7, "output": "x"},
        {"case": "lost", "output": "x", "tool_calls": ["f"]},
    )

    found = [
        line.split("out.jsonl:")[1].split(":")[0] for line in done.err.splitlines() if "out.jsonl:" in line
    ]
    slugs = [
        line.rpartition("[")[2].rstrip("]") for line in done.err.splitlines() if line.startswith("error:")
    ]
    assert done.code == 2
    assert list(zip(found, slugs, strict=True)) == [
        ("2", "unknown-case"),
        ("3", "duplicate-answer"),
        ("4", "bad-json"),
        ("5", "missing-field"),
        ("6", "out-of-range"),
        ("7", "wrong-type"),
        ("7", "unknown-key"),
        ("8", "wrong-type"),
        ("9", "wrong-type"),
        ("10", "wrong-type"),
    ]
    assert 'did you mean "late"?' in done.err
    assert "imported  0" in promptctl("answers", "stats", cwd=repo.path).out


def test_another_output_under_a_sample_that_is_there_is_refused_and_under_a_new_one_taken(repo: Repo):
    take(repo, {"case": "late", "output": "soon"})

    refused = take(repo, {"case": "late", "output": "now"})
    taken = take(repo, {"case": "late", "output": "now", "sample": 1})

    assert refused.code == 2
    assert "out.jsonl:1:1" in refused.err
    assert "[already-imported]" in refused.err
    assert taken.out.startswith("1 new")


def test_two_cases_that_send_the_same_request_must_bring_the_same_output(repo: Repo):
    repo.write(
        {"evals/reply.yaml": "- {id: one, input: a, expected: b}\n- {id: two, input: a, expected: c}\n"}
    )

    differ = take(repo, {"case": "one", "output": "b"}, {"case": "two", "output": "c"})
    agree = take(repo, {"case": "one", "output": "b"}, {"case": "two", "output": "b"})

    assert differ.code == 2
    assert (
        "case 'two' sends the same request as 'one' (line 1), with another output  [same-request]"
        in differ.err
    )
    assert agree.out.startswith("1 new, 0 already there")
    assert "1 line answered a request that another line answers too" in agree.err


def test_an_id_of_two_suites_needs_the_suites_name_only_where_the_requests_differ(repo: Repo):
    repo.write(
        {
            "evals/more/suite.yaml": "prompt: reply\n",
            "evals/more/cases.jsonl": '{"id": "late", "input": "other", "expected": "x"}\n'
            '{"id": "lost", "input": "lost", "expected": "x"}\n',
        }
    )

    unnamed = take(repo, {"case": "late", "output": "soon"})
    equal = take(repo, {"case": "lost", "output": "soon"})
    named = take(repo, {"case": "late", "output": "soon"}, more=("--suite", "more"))

    assert "case 'late' is in several suites: more, reply  [ambiguous-case]" in unnamed.err
    assert (unnamed.code, equal.code, named.code) == (2, 0, 0)


def test_what_has_no_output_and_what_stands_behind_an_asked_answer_is_said(repo: Repo):
    repo.write({"promptctl.toml": '[project]\nmodel = "nearest-example"\n'})
    promptctl("ask", "reply", "--case", "late", cwd=repo.path)

    done = take(repo, {"case": "late", "output": "soon"})

    assert "no answer for 1 of 2 cases: lost" in done.err
    assert "1 of them will not be used" in done.err


def test_outputs_under_another_model_are_found_by_that_model(repo: Repo):
    lines = {"case": "late", "output": "soon"}, {"case": "lost", "output": "sorry"}
    take(repo, *lines, more=("--model", "other"))

    own = promptctl("test", "--no-base", "--offline", cwd=repo.path)
    other = promptctl("test", "--no-base", "--offline", "--model", "other", cwd=repo.path)

    assert own.code == 3
    assert "2 of 2 pass" in other.out


def test_an_import_takes_json_tool_calls_and_contexts(repo: Repo):
    done = take(
        repo,
        {
            "case": "late",
            "output": {"a": "é"},
            "usage": {"input": 3},
            "cost": 0,
            "contexts": [{"id": "p", "text": "t"}],
        },
        {"case": "lost", "output": None, "tool_calls": [{"name": "refund"}]},
    )

    exported = promptctl("answers", "export", "reply", "-o", "-", cwd=repo.path)
    assert done.out.startswith("2 new")
    lines = [json.loads(line) for line in exported.out.splitlines()]
    assert [(line["text"], line["finish"]) for line in lines] == [('{"a": "é"}', "stop"), ("", "tool_calls")]
    assert lines[0]["usage"] == {"input": 3, "output": None}
    assert lines[1]["tool_calls"] == [{"name": "refund"}]


def test_exported_answers_replay_on_a_machine_without_a_store(repo: Repo, tmp_path: Path):
    take(repo, {"case": "lost", "output": "sorry"}, {"case": "late", "output": "soon\u2028now"})
    done = promptctl("answers", "export", "reply", cwd=repo.path)
    repo.commit("answers")
    clone = repo.clone(tmp_path / "clone")

    tested = promptctl("test", "--no-base", "--offline", "--json", "-", cwd=clone.path)
    again = promptctl("answers", "export", "reply", cwd=clone.path)

    name = "evals/reply/answers/reply.jsonl"
    assert done.out == f"reply: 2 answers in {name}\n"
    assert [json.loads(line)["case"] for line in (repo.path / name).read_text().splitlines()] == [
        "late",
        "lost",
    ]
    results = json.loads(tested.out)["suites"][0]["results"]
    assert {trial["from"] for found in results for trial in found["head"]} == {"recorded"}
    assert again.code == 0
    assert (clone.path / name).read_bytes() == (repo.path / name).read_bytes()


def test_an_export_holds_redraws_and_further_first_draws_and_no_canaries(repo: Repo):
    take(repo, {"case": "late", "output": "soon"}, {"case": "lost", "output": "sorry"})
    rendered = Project(repo.path).render("reply", case_id="late")
    with closing(own_store(repo.path)) as store:
        keys = [AnswerKey("", "", rendered.digest, sample) for sample in (2000, 1001, 1, 1000)]
        store.put_many([(key, Output(text=f"draw {key.sample}")) for key in keys])
        elsewhere = AnswerKey("openai", "https://a.test", rendered.digest, 7)
        store.put(elsewhere, Output(text="another provider's"))

    done = promptctl("answers", "export", "reply", "-o", "-", cwd=repo.path)

    found = [(line["case"], line["sample"], line["text"]) for line in map(json.loads, done.out.splitlines())]
    assert found == [
        ("late", 0, "soon"),
        ("late", 1, "draw 1"),
        ("late", 1000, "draw 1000"),
        ("late", 1001, "draw 1001"),
        ("lost", 0, "sorry"),
    ]
    assert done.err == ""


def test_redraws_stay_when_they_are_exported_again_from_a_clone(repo: Repo, tmp_path: Path):
    take(repo, {"case": "late", "output": "soon"}, {"case": "lost", "output": "sorry"})
    rendered = Project(repo.path).render("reply", case_id="late")
    with closing(own_store(repo.path)) as store:
        store.put(AnswerKey("", "", rendered.digest, 1000), Output(text="again"))
    promptctl("answers", "export", "reply", cwd=repo.path)
    repo.commit("answers")
    clone = repo.clone(tmp_path / "clone")

    done = promptctl("answers", "export", "reply", cwd=clone.path)

    assert done.out == "reply: 3 answers in evals/reply/answers/reply.jsonl\n"
    assert clone.git("status", "--porcelain") == ""


def test_an_export_says_what_has_no_answer_and_refuses_to_write_nothing(repo: Repo):
    nothing = promptctl("answers", "export", "reply", cwd=repo.path)
    take(repo, {"case": "late", "output": "soon"})
    some = promptctl("answers", "export", "reply", cwd=repo.path)

    assert (nothing.code, some.code) == (3, 0)
    assert "[no-answers]" in nothing.err
    assert "reply: 1 case without an answer (lost); `promptctl test reply --no-base` asks" in some.err


def test_an_exported_file_is_not_imported_but_its_place_is_named(repo: Repo):
    take(repo, {"case": "late", "output": "soon"})
    line = promptctl("answers", "export", "reply", "-o", "-", cwd=repo.path).out

    done = take(repo, line.rstrip("\n"))

    assert done.code == 2
    assert "[exported-answer]" in done.err
    assert "evals/SUITE/answers/" in done.err


def test_stats_count_what_is_stored_also_where_nothing_is(repo: Repo):
    empty = promptctl("answers", "stats", cwd=repo.path)
    take(repo, {"case": "late", "output": "soon"}, {"case": "late", "output": "now", "sample": 1})
    stored = promptctl("answers", "stats", cwd=repo.path)

    asked = "asked     0\nfirst     0\nredraws   0\ncanaries  0\n"
    assert empty.out == f"{asked}imported  0\nrequests  0\nsize      0 bytes\n"
    assert stored.out.startswith(f"{asked}imported  2\nrequests  1\nsize      ")
    assert (empty.code, stored.code) == (0, 0)


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (("import", "none.jsonl", "--prompt", "reply"), "cannot-read"),
        (("import", "promptctl.toml", "--prompt", "repl"), "unknown-prompt"),
        (("import", "promptctl.toml", "--prompt", "reply@nope"), "not-a-commit"),
        (("import", "promptctl.toml", "--prompt", "reply", "--suite", "x"), "unknown-suite"),
        (("import", "promptctl.toml"), "usage"),
        (("import", "empty.jsonl", "--prompt", "reply"), "no-answers"),
        (("export",), "usage"),
        (("export", "repl"), "unknown-suite"),
        (("nonsense",), "usage"),
        ((), "usage"),
    ],
)
def test_bad_input_is_named(repo: Repo, args: tuple[str, ...], slug: str):
    repo.write({"empty.jsonl": "\n"})

    done = promptctl("answers", *args, cwd=repo.path)

    assert (done.code, done.out) == (2, "")
    assert f"[{slug}]" in done.err
    assert all(line[:7] in ("error: ", "  at   ", "  fix  ") for line in done.err.splitlines())
