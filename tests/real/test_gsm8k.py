"""1,319 grade-school problems: the same model before and after its answers were verified, with the authors' flags."""

from pathlib import Path

import pytest

from tests.real.projects import as_lines, compared, import_outputs, midp, read_lines
from tests.repository import Repo

PROMPT = "---\nmodel: {model}\n---\n{{{{ question }}}}\n"
SUITE = """\
checks:
  - matches_expected: {as: number, extract: {regex: "(?m)^A:(.*)$", take: last}}
"""


@pytest.mark.parametrize("size", ["6b", "175b"])
def test_two_models_are_compared_by_changing_the_header_and_agree_with_the_authors_flags(
    size: str, real_data: Path, tmp_path: Path
):
    data = real_data / "gsm8k_four_models"
    rows = [read_lines(data / f"outputs_{size}_{kind}.jsonl") for kind in ("finetuning", "verification")]
    flags = [{row["id"]: row["is_correct"] for row in found} for found in rows]
    repo = Repo(tmp_path / "project")
    cases = as_lines(
        {"id": case["id"], "vars": {"question": case["question"]}, "expected": case["target"]}
        for case in read_lines(data / "cases.jsonl")
    )
    prompt = "prompts/solve.prompt.j2"
    repo.commit(
        "first",
        {
            "evals/solve/suite.yaml": SUITE,
            "evals/solve/cases.jsonl": cases,
            prompt: PROMPT.format(model="first"),
        },
    )
    repo.commit("other model", {prompt: PROMPT.format(model="second")})
    for found, name in zip(rows, ("solve@HEAD~1", "solve"), strict=True):
        outputs = {row["id"]: row["output"] for row in found}
        assert import_outputs(repo, name, outputs, name).out.startswith("1319 new, 0 already there")

    done, result = compared(repo)

    suite = result["suites"][0]
    broken = sum(flags[0][case] and not flags[1][case] for case in flags[0])
    fixed = sum(flags[1][case] and not flags[0][case] for case in flags[0])
    assert [suite["pass_rate"][side]["passed"] for side in ("base", "head")] == [
        sum(found.values()) for found in flags
    ]
    assert (suite["test"]["broken"], suite["test"]["fixed"], suite["n"]) == (broken, fixed, 1319)
    assert suite["test"]["p_better"] == pytest.approx(midp(fixed, broken), rel=1e-6)
    assert (done.code, suite["better"]) == (0, True)
