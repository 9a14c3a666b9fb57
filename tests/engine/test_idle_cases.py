"""A case at which nothing looks is refused, and the schema of its prompt is one that looks."""

from pathlib import Path

from tests.cli.run import promptctl

PROMPT = "---\ninputs: {t: string}\n{output}---\nWrite JSON about {{ t }}\n"


def project(folder: Path, output: str) -> Path:
    (folder / "prompts").mkdir()
    (folder / "evals").mkdir()
    (folder / "prompts/a.prompt.j2").write_text(PROMPT.replace("{output}", output))
    (folder / "prompts/s.json").write_text('{"type": "object"}')
    (folder / "evals/a.yaml").write_text("- {id: x, input: hello}\n- {id: y, turns: [a, b]}\n")
    return folder


def test_inputs_alone_are_a_case_where_the_prompt_has_a_schema(tmp_path: Path):
    done = promptctl("lint", cwd=project(tmp_path, "output: {schema: s.json}\n"))

    assert (done.code, done.out) == (0, "1 prompt, 1 suite, 2 cases: no errors\n"), done.err


def test_inputs_alone_are_no_case_where_nothing_looks_at_the_answer(tmp_path: Path):
    done = promptctl("lint", cwd=project(tmp_path, ""))

    assert done.code == 2
    assert done.out.count("[case-cannot-fail]") == 2
