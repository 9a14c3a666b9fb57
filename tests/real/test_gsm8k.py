"""1,319 grade-school problems: the same model before and after its answers were verified, with the authors' flags."""

from pathlib import Path

import pytest

from tests.cli.run import promptctl
from tests.real.by_hand import Pairs, averaged, decided, flipped_halves, wilson
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
    pairs = Pairs(*flags)
    change = suite["difference"]
    assert (change["low"], change["high"]) == pytest.approx(pairs.tango(), abs=1e-6)
    by_hand = decided(pairs, p_adjusted=pairs.p_worse)
    assert (suite["status"], suite["rule"], suite["better"]) == by_hand
    assert (done.code, suite["better"]) == (0, True)


def test_two_recorded_draws_a_side_are_averaged_and_their_signs_flipped(real_data: Path, tmp_path: Path):
    data = real_data / "gsm8k_four_models"
    sides = (("6b_finetuning", "175b_verification"), ("175b_finetuning", "6b_verification"))
    cases = read_lines(data / "cases.jsonl")
    repo = Repo(tmp_path / "project")
    prompt = "prompts/solve.prompt.j2"
    rows = as_lines(
        {"id": case["id"], "vars": {"question": case["question"]}, "expected": case["target"]}
        for case in cases
    )
    repo.commit(
        "first",
        {
            "evals/solve/suite.yaml": "samples: 2\n" + SUITE,
            "evals/solve/cases.jsonl": rows,
            prompt: PROMPT.format(model="first"),
        },
    )
    repo.commit("other model", {prompt: PROMPT.format(model="second")})
    passed: list[dict[str, list[bool]]] = [{}, {}]
    for number, names in enumerate(sides):
        lines = []
        for sample, name in enumerate(names):
            for row in read_lines(data / f"outputs_{name}.jsonl"):
                passed[number].setdefault(row["id"], []).append(row["is_correct"])
                lines.append({"case": row["id"], "output": row["output"], "sample": sample})
        path = tmp_path / f"{number}.jsonl"
        path.write_text(as_lines(lines), encoding="utf-8")
        of = "solve" if number else "solve@HEAD~1"
        assert promptctl("answers", "import", str(path), "--prompt", of, cwd=repo.path).code == 0

    done, result = compared(repo)

    [suite] = result["suites"]
    base, head = ({case: sum(draws) / 2 for case, draws in side.items()} for side in passed)
    differences = [head[case] - base[case] for case in base]
    change, test, counts = suite["difference"], suite["test"], suite["counts"]
    low, high = averaged(differences)
    p_worse, p_better = flipped_halves(differences)
    drawn = 5 * (p_worse * (1 - p_worse) / 9_999) ** 0.5  # as far as so many drawn patterns may be off
    assert change["estimate"] == pytest.approx(sum(differences) / len(differences), abs=1e-12)
    assert (change["low"], change["high"]) == pytest.approx((low, high), abs=1e-9)
    assert test["name"] == "sign-flip"
    assert (test["p_worse"], test["p_better"]) == pytest.approx((p_worse, p_better), abs=drawn)
    for side, rates in (("base", base), ("head", head)):
        found, most = suite["pass_rate"][side], sum(rate > 0.5 for rate in rates.values())
        assert (found["passed"], found["scored"]) == (most, len(cases))
        assert (found["low"], found["high"]) == pytest.approx(wilson(most, len(cases), level=0.95), abs=1e-9)
    mixed = {case for side in (base, head) for case, rate in side.items() if rate == 0.5}
    assert {found["case"] for found in suite["results"] if found["state"] == "flaky"} == mixed
    assert counts["broken"] == sum(base[case] == 1 and head[case] == 0 for case in base)
    assert counts["fixed"] == sum(base[case] == 0 and head[case] == 1 for case in base)
    assert p_worse <= 0.02
    assert low > -0.05  # the margin would be kept, and harm is asked about first
    assert (done.code, suite["rule"]) == (1, "worse-overall")
