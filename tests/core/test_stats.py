"""The statistics against published numbers, hand-derived values, scipy and their own promises."""

import inspect
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptctl.core import stats
from tests.core.test_gate_reference import verdict

# Read on import: the environment of the tests is emptied of our variables before the first one runs.
REFERENCE = Path(
    os.environ.get("PROMPTCTL_REFERENCE")
    or Path(__file__).parents[3] / "shared" / "reference" / "stat_reference.json"
)

Z90, Z95 = 1.6448536269514722, 1.959963984540054
Case = dict[str, Any]


# --- 1. The reference: every key of these groups is an input, tested here, or refused by name -------------------


class Group:
    """Which keys of a reference group are `inputs`, which methods are `refused`, and how to compute the rest.

    `decimals`: how many the numbers were rounded to, where they are fewer than six.
    """

    def __init__(
        self, inputs: str, refused: str = "", *, decimals: int = 6, **computed: Callable[[Case], Any]
    ) -> None:
        self.inputs, self.refused, self.computed = set(inputs.split()), set(refused.split()), computed
        self.tolerance = max(1e-6, 0.5 * 10.0**-decimals)


def ends(interval: stats.Interval | stats.PseudoInterval) -> list[float]:
    return [interval.low, interval.high]


def mcnemar(test: Callable[..., float], side: str) -> Callable[[Case], float]:
    return lambda c: test(c["broken"], c["fixed"], side=side)


def paired(method: Callable[..., Any], **options: Any) -> Callable[[Case], Any]:
    return lambda c: method(c["broken"], c["fixed"], c["n"], **options)


def paired_ends(method: Callable[..., Any], level: float) -> Callable[[Case], list[float]]:
    return lambda c: ends(method(c["broken"], c["fixed"], c["n"], level=level))


def sample_size(c: Case) -> int:
    odds = {"alpha": c["alpha_one_sided"]}
    match c["kind"]:
        case "detect_regression":
            return stats.cases_to_detect(c["delta"], c["psi"], power=c["power"], **odds)
        case "non_inferiority":
            return stats.cases_to_show_no_worse(
                c["psi"], c["margin"], change=c["delta"], power=c["power"], **odds
            )
        case "min_n_zero_flips":
            return stats.cases_without_flips(c["margin"], **odds)
    raise AssertionError(f"unknown kind {c['kind']}")


def components(c: Case) -> stats.VarianceComponents:
    return stats.variance_components(c["A"], c["B"])


def settle(c: Case) -> dict[str, Any]:
    return {
        "within_cases": c["sigma2"],
        "between_cases": c["omega2"],
        "margin": c["margin"],
        "change": c["delta"],
    }


def clustered(c: Case) -> stats.PseudoInterval:
    return stats.clustered_pseudo_obs(c["cluster_sums"], c["cluster_sizes"])


def beliefs(c: Case) -> stats.PairedPosterior:
    return stats.bayes_paired(c["broken"], c["fixed"], c["n"], margin=0.05)


def changes(c: Case) -> list[int]:
    return [after - before for before, after in zip(c["baseline"], c["candidate"], strict=True)]


def miller_cases(c: Case) -> stats.CasesToTell:
    plan = c["miller_power"]
    return stats.cases_to_tell(
        plan["delta"],
        plan["omega2"],
        within_base=plan["sigma2_A"],
        within_head=plan["sigma2_B"],
        samples_base=plan["K_A"],
        samples_head=plan["K_B"],
        alpha=plan["alpha_two_sided"],
        power=plan["power"],
    )


def bets(c: Case) -> stats.EProcess:
    return stats.e_process(c["x"], margin=c["margin"], alpha=1 / 20)


def flipped(c: Case) -> stats.SignFlip:
    return stats.sign_flip(c["d"] if "d" in c else c["cluster_sums"])


GROUPS = {
    "single_rate": Group(
        inputs="x n",
        wilson95=lambda c: ends(stats.wilson_interval(c["x"], c["n"])),
        jeffreys95=lambda c: ends(stats.jeffreys_interval(c["x"], c["n"])),
        jeffreys95_untruncated=lambda c: ends(stats.jeffreys_interval(c["x"], c["n"], truncated=False)),
        clopper_pearson95=lambda c: ends(stats.clopper_pearson_interval(c["x"], c["n"])),
        beta11_credible95=lambda c: ends(stats.uniform_prior_interval(c["x"], c["n"])),
    ),
    "mcnemar": Group(
        inputs="broken fixed",
        refused="p_chi2_uncorrected",  # exceeds its level, and says nothing without flips
        p_exact_two_sided=mcnemar(stats.mcnemar_exact, "two-sided"),
        p_midp_two_sided=mcnemar(stats.mcnemar_midp, "two-sided"),
        p_exact_worse=mcnemar(stats.mcnemar_exact, "worse"),
        p_midp_worse=mcnemar(stats.mcnemar_midp, "worse"),
        p_midp_better=mcnemar(stats.mcnemar_midp, "better"),
    ),
    "paired_difference_ci": Group(
        inputs="n fixed broken",
        refused="wald95",  # zero width without flips
        delta=lambda c: stats.tango_interval(c["broken"], c["fixed"], c["n"]).estimate,
        tango90=paired_ends(stats.tango_interval, 0.90),
        tango95=paired_ends(stats.tango_interval, 0.95),
        bonett_price95=paired_ends(stats.bonett_price_interval, 0.95),
        **{"z_vs_minus_0.05": paired(stats.tango_z, margin=0.05)},
        noninferior_m05_a05=paired(stats.no_worse_than, margin=0.05),
        noninferior_m10_a05=paired(stats.no_worse_than, margin=0.10),
    ),
    "newcombe_paired": Group(
        inputs="both_pass fixed broken both_fail",
        newcombe95=lambda c: ends(
            stats.newcombe_paired_interval(c["both_pass"], c["broken"], c["fixed"], c["both_fail"])
        ),
    ),
    "bayes_paired": Group(
        inputs="n fixed broken",
        p_delta_below_0=lambda c: beliefs(c).worse,
        **{"p_delta_above_minus_0.05": lambda c: beliefs(c).no_worse},
    ),
    "sample_size": Group(
        inputs="kind psi delta margin alpha_one_sided power",
        n=lambda c: c["n"] if c["kind"] == "mde_paired" else sample_size(c),  # there n is an input
        mde_80=lambda c: stats.detectable_change(c["n"], c["psi"]),
    ),
    "miller_se": Group(
        inputs="scores clusters baseline candidate miller_power",
        mean=lambda c: stats.clustered_mean_interval(c["scores"], c["clusters"]).estimate,
        se=lambda c: stats.standard_error(c["scores"]),
        se_cluster_cr0=lambda c: stats.clustered_standard_error(c["scores"], c["clusters"], corrected=False),
        se_cluster_cr1=lambda c: stats.clustered_standard_error(c["scores"], c["clusters"]),
        t_crit_95_df2=lambda _: stats.student_t_quantile(0.975, 2),
        ci95_cr1_t=lambda c: ends(stats.clustered_mean_interval(c["scores"], c["clusters"])),
        mean_diff=lambda c: stats.clustered_mean_interval(changes(c), c["clusters"]).estimate,
        se_paired=lambda c: stats.standard_error(changes(c)),
        se_paired_cluster_cr1=lambda c: stats.clustered_standard_error(changes(c), c["clusters"]),
        n=lambda c: miller_cases(c).cases,
        n_unrounded=lambda c: miller_cases(c).exact,
    ),
    "graded_pseudo_obs": Group(
        inputs="d",
        refused="plain_t_lower_5pct",  # zero width without differences
        shrunk_mean=lambda c: stats.graded_pseudo_obs(c["d"]).shrunk_mean,
        se=lambda c: stats.graded_pseudo_obs(c["d"]).standard_error,
        lower_5pct=lambda c: stats.graded_pseudo_obs(c["d"]).low,
        upper_5pct=lambda c: stats.graded_pseudo_obs(c["d"]).high,
    ),
    "clustered_pseudo_obs": Group(
        inputs="cluster_sums cluster_sizes",
        shrunk_mean=lambda c: clustered(c).shrunk_mean,
        se=lambda c: clustered(c).standard_error,
        lower_5pct=lambda c: clustered(c).low,
        upper_5pct=lambda c: clustered(c).high,
    ),
    "sign_flip": Group(
        inputs="d cluster_sums",
        refused="t p_t_two_sided wilcoxon_p_two_sided_normal_approx",  # wrong for few or skewed differences
        p_greater=lambda c: flipped(c).better,
        p_less=lambda c: flipped(c).worse,
    ),
    "group_sequential": Group(
        inputs="alpha looks",
        decimals=4,
        obf=lambda c: list(stats.obrien_fleming_boundaries(c["looks"], alpha=c["alpha"])),
        pocock=lambda c: list(stats.pocock_boundaries(c["looks"], alpha=c["alpha"])),
    ),
    "e_process": Group(
        inputs="x margin",
        E_pass_final=lambda c: bets(c).no_worse,
        E_fail_final=lambda c: bets(c).worse,
        reject_at_20_pass=lambda c: bets(c).no_worse_at,
        reject_at_20_fail=lambda c: bets(c).worse_at,
    ),
    "gate_verdict": Group(
        inputs="n fixed_first broken_first confirmed_broken confirmed_fixed confirmed_broken_must_pass",
        p_midp_worse=lambda c: stats.mcnemar_midp(c["broken_first"], c["fixed_first"]),
        tango90_lower=lambda c: stats.tango_lower(c["broken_first"], c["fixed_first"], c["n"]),
        verdict=verdict,
    ),
    "pass_at_k": Group(
        inputs="n c k",
        pass_at_k=lambda c: stats.pass_at_k(c["n"], c["c"], c["k"]),
        pass_hat_k=lambda c: stats.pass_hat_k(c["n"], c["c"], c["k"]),
    ),
    "winners_curse": Group(
        inputs="n candidates psi",
        expected_spurious_gain=lambda c: stats.spurious_gain(c["candidates"], c["psi"], c["n"]),
        E_max_std_normal=lambda c: stats.expected_best(c["candidates"]),
    ),
    "multiplicity": Group(
        inputs="p",
        holm=lambda c: list(stats.holm(c["p"])),
        bh=lambda c: list(stats.benjamini_hochberg(c["p"])),
    ),
    "flaky_confirm": Group(
        inputs="n k p k_vs_k n_broken canary_runs flips expected_flip_rate",
        fwer_bound=lambda c: stats.false_break_bound(c["n"], c["k"]),
        p_false_confirm=lambda c: stats.false_break_probability(c["p"], c["k"]),
        p_flip_between_two_runs=lambda c: stats.flip_probability(c["p"]),
        fisher_one_sided_all_pass_vs_all_fail=lambda c: stats.all_against_all(c["k_vs_k"]),
        expected_cases_until_first_broken_random_order=lambda c: stats.cases_until_first_broken(
            c["n"], c["n_broken"]
        ),
        p_drift=lambda c: stats.drift_probability(c["flips"], c["canary_runs"], c["expected_flip_rate"]),
    ),
    "variance_components": Group(
        inputs="A B n margin delta K_now",
        mean_diff=lambda c: components(c).mean_change,
        var_of_case_means=lambda c: components(c).variance_of_case_means,
        sigma2=lambda c: components(c).within_cases if "A" in c else c["sigma2"],  # an input of the plans
        omega2=lambda c: components(c).between_cases if "A" in c else c["omega2"],
        se_now=lambda c: components(c).standard_error,
        need_K_at_this_n=lambda c: stats.samples_needed(c["n"], **settle(c)),
        need_n_at_this_K=lambda c: stats.cases_needed(c["K_now"], **settle(c)),
    ),
}


# Groups that are no statistics of a decision, each for whom it is left.
ELSEWHERE = {
    "judges and labels": "judge_agreement rogan_gladen post_stratified ppi_plus_plus judge_attenuation "
    "judge_labels_and_votes adjudicated_delta alt_test length_control pairwise_swap",
    "cases and contexts": "coverage_dedupe rag",
    "the simulation of whole suites": "operating_characteristics",
    "about the file": "_meta",
}

# A number of the reference that its own formula does not give, with what the formula gives: 0.98458910 integrated over
# T, and over B in `test_beliefs_agree_with_scipy_integrating_over_the_other_share`. A plain sum over 4,000 values of T
# is off by as much, since without a flip the share of fixes begins with a root at T = margin.
ERRATA = {("bayes_paired", "p_delta_above_minus_0.05", 0.984607): 0.9845891}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip("no reference numbers here: set PROMPTCTL_REFERENCE to the file")
    return json.loads(REFERENCE.read_text(encoding="utf-8"))


def test_every_group_of_the_reference_is_walked_or_left_to_somebody_by_name(reference: dict[str, Any]):
    assert set(reference) == {*GROUPS, *" ".join(ELSEWHERE.values()).split()}


@pytest.mark.parametrize("group", GROUPS)
def test_every_reference_number_is_reproduced_or_refused_by_name(reference: dict[str, Any], group: str):
    known, cases = GROUPS[group], reference[group]["cases"]
    keys = {key for case in cases for key in case}

    unknown = keys - known.inputs - known.refused - set(known.computed)
    stale = (known.inputs | known.refused | set(known.computed)) - keys
    assert not unknown, f"{group}: neither tested nor refused: {sorted(unknown)}"
    assert not stale, f"{group}: no longer in the reference: {sorted(stale)}"
    for case in cases:
        for key, compute in known.computed.items():
            if key in case:
                expected = mended(group, key, case[key])
                wrong = list(mismatches(compute(case), expected, known.tolerance))
                assert not wrong, f"{group}.{key} of {case}: {wrong}"


def test_every_erratum_is_still_in_the_reference(reference: dict[str, Any]):
    for group, key, wrong in ERRATA:
        assert wrong in [case[key] for case in reference[group]["cases"]]


def mended(group: str, key: str, expected: Any) -> Any:
    return ERRATA.get((group, key, expected), expected) if isinstance(expected, float) else expected


def mismatches(got: Any, expected: Any, tolerance: float = 1e-6) -> Iterator[str]:
    """Values further from the reference than half a unit of its last digit, at most `tolerance`, at least 1e-9."""
    if isinstance(expected, list):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            yield from mismatches(one, other, tolerance)
    elif isinstance(expected, bool | str) or expected is None or got is None:
        if type(got) is not type(expected) or got != expected:
            yield f"{got} is not {expected}"
    else:
        half_a_unit = 0.5 * 10.0 ** min(0, Decimal(repr(expected)).as_tuple().exponent)
        if abs(got - expected) > min(tolerance, max(1e-9, half_a_unit)):
            yield f"{got!r} is not {expected!r}"


# --- 2. Small values derived by hand, for wherever the reference is absent --------------------------------------


def close(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_rate_without_a_pass_has_the_closed_forms():
    wilson = stats.wilson_interval(0, 20)
    exact = stats.clopper_pearson_interval(0, 20)

    assert wilson == (0.0, 0.0, close(Z95**2 / (20 + Z95**2)))
    assert exact == (0.0, 0.0, close(1 - 0.025 ** (1 / 20)))
    assert stats.jeffreys_interval(0, 20).low == 0.0
    assert stats.jeffreys_interval(0, 20, truncated=False).low > 0.0


def test_a_rate_without_a_fail_mirrors_one_without_a_pass():
    for method in (stats.wilson_interval, stats.clopper_pearson_interval, stats.jeffreys_interval):
        none, every = method(0, 20), method(20, 20)

        assert every == (1 - none.high, 1.0, 1.0)


def test_one_sided_wilson_bounds_are_the_ends_of_the_two_sided_range_of_twice_the_error():
    both = stats.wilson_interval(17, 20, level=0.90)

    assert stats.wilson_lower(17, 20) == close(both.low)
    assert stats.wilson_upper(17, 20) == close(both.high)


def test_half_the_cases_passing_has_a_symmetric_range():
    reach = Z95 / (2 * math.sqrt(10 + Z95**2))

    assert stats.wilson_interval(5, 10) == (close(0.5 - reach), 0.5, close(0.5 + reach))


@pytest.mark.parametrize(
    ("broken", "fixed", "exact", "midp"),
    [(0, 0, 1, 1), (1, 0, 1 / 2, 1 / 4), (3, 0, 1 / 8, 1 / 16), (2, 1, 1 / 2, 5 / 16), (0, 2, 1, 7 / 8)],
)
def test_mcnemar_counts_coin_tosses(broken: int, fixed: int, exact: float, midp: float):
    assert stats.mcnemar_exact(broken, fixed) == close(exact)
    assert stats.mcnemar_midp(broken, fixed) == close(midp)
    assert stats.mcnemar_exact(fixed, broken, side="better") == close(exact)
    assert stats.mcnemar_midp(fixed, broken, side="better") == close(midp)


def test_mcnemar_two_sided_doubles_the_rarer_side_and_stays_a_probability():
    assert stats.mcnemar_exact(0, 3, side="two-sided") == close(1 / 4)
    assert stats.mcnemar_midp(3, 0, side="two-sided") == close(1 / 8)
    assert stats.mcnemar_exact(4, 4, side="two-sided") == 1.0
    assert stats.mcnemar_midp(4, 4, side="two-sided") == close(1.0)


def test_tango_equals_the_published_matched_pairs_example():
    low, estimate, high = stats.tango_interval(7, 1, 21, level=0.95)

    assert (round(low, 3), round(estimate, 3), round(high, 3)) == (-0.517, -0.286, -0.026)


def test_newcombe_equals_the_published_matched_pairs_example():
    low, estimate, high = stats.newcombe_paired_interval(1, 7, 1, 12)

    assert (round(low, 3), round(estimate, 3), round(high, 3)) == (-0.507, -0.286, -0.026)


def test_newcombe_without_variation_on_a_side_assumes_no_agreement():
    low, _, high = stats.newcombe_paired_interval(20, 0, 0, 0)

    assert (low, high) == (close(-(1 - stats.wilson_interval(20, 20).low)), close(-low))


def test_all_cases_fixed_rules_out_any_loss():
    assert stats.tango_interval(0, 10, 10).high == 1.0
    assert stats.tango_interval(10, 0, 10).low == -1.0
    assert stats.tango_z(0, 10, 10, margin=1.0) == math.inf
    assert stats.tango_z(10, 0, 10, margin=1.0) == 0.0
    assert stats.tango_z(0, 0, 10, margin=0.0) == 0.0


def test_52_cases_without_a_flip_show_five_points_and_51_do_not():
    assert stats.cases_without_flips(0.05) == 52
    assert stats.no_worse_than(0, 0, 52, margin=0.05)
    assert not stats.no_worse_than(0, 0, 51, margin=0.05)


def test_without_flips_bonett_price_rests_on_the_two_added_cases():
    reach = Z95 * math.sqrt(2) / 52

    assert stats.bonett_price_interval(0, 0, 50) == (close(-reach), 0.0, close(reach))


def test_no_difference_still_has_a_range():
    result = stats.graded_pseudo_obs([0.0] * 3)
    reach = 2.919985580353726 * math.sqrt(2) / 5  # Student t .95 with 2 degrees

    assert result == (close(-reach), 0.0, close(reach), 0.0, close(math.sqrt(2) / 5))


def test_one_case_or_one_cluster_bounds_nothing():
    assert stats.graded_pseudo_obs([0.5])[:3] == (-1.0, 0.5, 1.0)
    assert stats.clustered_pseudo_obs([-2.0], [4])[:3] == (-1.0, -0.5, 1.0)


def test_clusters_of_one_are_cases():
    differences = [0.5, -0.25, 0.0, 0.0, -1.0, 0.0]
    cases = stats.graded_pseudo_obs(differences)
    clusters = stats.clustered_pseudo_obs(differences, [1] * 6)

    assert clusters.estimate == close(cases.estimate)
    assert clusters.shrunk_mean == close(cases.shrunk_mean)
    assert clusters.standard_error == close(
        cases.standard_error * math.sqrt(8 / 7)
    )  # CR1's small-sample factor


def test_sign_flip_counts_patterns():
    assert stats.sign_flip([1.0, 1.0, 1.0]) == (1.0, 1 / 8, True, 8)
    assert stats.sign_flip([-1.0, -1.0, 0.0, -1.0]) == (1 / 8, 1.0, True, 8)
    assert stats.sign_flip([0.0, 0.0]) == (1.0, 1.0, True, 1)
    assert stats.sign_flip([]) == (1.0, 1.0, True, 1)


def test_sums_that_differ_only_by_rounding_are_ties():
    tenths = stats.sign_flip([0.1, 0.2, -0.3])
    tens = stats.sign_flip([1.0, 2.0, -3.0])
    thirds = stats.sign_flip([1 / 3, 1 / 3, 1 / 3, -1.0, 2 / 3, -2 / 3])

    assert tenths == tens
    assert thirds == stats.sign_flip([1.0, 1.0, 1.0, -3.0, 2.0, -2.0])


def test_holm_and_benjamini_hochberg_by_hand_in_the_order_given():
    assert stats.holm([0.04, 0.01, 0.5]) == (close(0.08), close(0.03), close(0.5))
    assert stats.benjamini_hochberg([0.04, 0.01, 0.5]) == (close(0.06), close(0.03), close(0.5))
    assert stats.holm([0.9, 0.8]) == (1.0, 1.0)
    assert stats.holm([]) == stats.benjamini_hochberg([]) == ()


def test_chances_of_redraws_by_hand():
    assert stats.false_break_probability(0.5, 4) == 1 / 256
    assert stats.false_break_bound(50, 4) == 50 / 256
    assert stats.false_break_bound(50, 1) == 1.0
    assert stats.flip_probability(0.9) == close(0.18)
    assert stats.all_against_all(3) == 1 / 20
    assert stats.cases_until_first_broken(50, 1) == 25.5
    assert stats.drift_probability(0, 20, 0.08) == 1.0
    assert stats.drift_probability(2, 2, 0.5) == close(0.25)
    assert stats.drift_probability(1, 20, 0.0) == 0.0


def test_sizes_by_hand():
    reach = Z90 + 0.8416212335729143

    assert stats.detectable_change(100, 0.08) == close(reach * math.sqrt(0.08 / 100))
    assert stats.cases_to_show_no_worse(0.08, 0.05) == math.ceil(reach**2 * 0.08 / 0.05**2) == 198
    assert stats.cases_to_detect(-0.1, 0.12) == stats.cases_to_detect(0.1, 0.12) == 73


def test_what_settles_it_by_hand():
    plan = {"within_cases": 0.08, "margin": 0.05}

    assert stats.samples_needed(50, between_cases=0.0, **plan) == 4
    assert stats.samples_needed(50, between_cases=0.04, **plan) is None
    assert stats.samples_needed(50, 0.0, 0.0, margin=0.05) == 1
    assert stats.cases_needed(1, between_cases=0.0, **plan) == 198
    assert stats.cases_needed(1, 0.0, 0.0, margin=0.05) == 1


def test_variance_is_split_into_chance_and_difference_between_cases():
    parts = stats.variance_components([[1, 1], [1, 1], [0, 0]], [[1, 1], [0, 0], [0, 1]])

    # Changes 0, -1, ½: mean -1/6, variance 7/12; one case of six sides varies, by ½, of which ¼ stays in its mean.
    assert parts == (close(-1 / 6), close(7 / 12), close(1 / 6), close(1 / 2), close(math.sqrt(7 / 36)))


def test_variance_of_chance_alone_is_never_negative_between_cases():
    assert stats.variance_components([[0, 1], [1, 0]], [[1, 0], [0, 1]]).between_cases == 0.0


def test_samples_may_differ_in_number_between_cases_and_sides():
    parts = stats.variance_components([[1, 1, 1], [1, 0]], [[1, 1], [0, 0, 0, 0]])

    assert parts.within_cases == close(1 / 4)
    assert parts.between_cases == close(0.0)  # 1/8 between the two changes 0 and -½, and as much chance


# --- 3. scipy as the oracle -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def oracle() -> Any:
    return pytest.importorskip("scipy.stats")


def test_binomial_tails_agree_with_scipy_up_to_100_000_tries(oracle: Any):
    chance = random.Random(1)
    for n in (0, 1, 2, 10, 60, 500, 5_000, 100_000):
        for _ in range(25):
            p = chance.choice([0.5, 0.02, 0.9, chance.random()])
            wide = 6 * math.sqrt(n * p * (1 - p)) + 2
            k = round(chance.uniform(n * p - wide, n * p + wide))
            law = oracle.binom(n, p)

            assert stats.binomial_probability(k, n, p) == pytest.approx(law.pmf(k), rel=1e-8, abs=1e-300)
            assert stats.binomial_at_least(k, n, p) == pytest.approx(law.sf(k - 1), rel=1e-8, abs=1e-300)
            assert stats.binomial_at_most(k, n, p) == pytest.approx(law.cdf(k), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("p", [0.0, 1.0])
@pytest.mark.parametrize("k", [-1, 0, 3, 5, 6])
def test_binomial_tails_hold_for_certain_outcomes(p: float, k: int):
    sure = 5 * p

    assert stats.binomial_probability(k, 5, p) == float(k == sure)
    assert stats.binomial_at_least(k, 5, p) == float(k <= sure)
    assert stats.binomial_at_most(k, 5, p) == float(k >= sure)


def test_beta_agrees_with_scipy(oracle: Any):
    chance = random.Random(2)
    for _ in range(300):
        a, b = (10 ** chance.uniform(-1, 4) for _ in "ab")
        p = chance.choice([chance.random(), 10 ** chance.uniform(-9, 0)])
        x = oracle.beta.ppf(p, a, b)

        assert stats.beta_cdf(x, a, b) == pytest.approx(oracle.beta.cdf(x, a, b), rel=1e-8, abs=1e-15)
        assert stats.beta_quantile(p, a, b) == pytest.approx(x, rel=1e-8, abs=1e-15)


def test_beta_ends_are_certain():
    assert stats.beta_cdf(0.0, 2.0, 3.0) == 0.0
    assert stats.beta_cdf(1.0, 2.0, 3.0) == 1.0


def test_beta_with_absurd_shapes_says_so_instead_of_spinning():
    with pytest.raises(ArithmeticError, match="does not settle"):
        stats.beta_cdf(0.5, 1e16, 1e16)


def test_student_t_agrees_with_scipy(oracle: Any):
    chance = random.Random(3)
    for _ in range(300):
        df = chance.choice([1, 2, 3, 7, 19, 199, 19_999, 10 ** chance.uniform(-0.5, 5)])
        p = chance.choice([chance.random(), 10 ** chance.uniform(-9, -1), 0.5 + 1e-9])
        t = oracle.t.ppf(p, df)

        assert stats.student_t_quantile(p, df) == pytest.approx(t, rel=1e-7, abs=1e-13)
        assert stats.student_t_cdf(t, df) == pytest.approx(oracle.t.cdf(t, df), rel=1e-8, abs=1e-300)


def test_student_t_is_half_at_zero_and_survives_any_tail():
    assert stats.student_t_cdf(0.0, 5) == 0.5
    assert stats.student_t_quantile(0.5, 5) == 0.0
    assert stats.student_t_cdf(-1e300, 5) == 0.0
    assert stats.student_t_cdf(1e300, 5) == 1.0
    assert stats.student_t_quantile(1e-100, 1) == pytest.approx(-1e100 / math.pi)


def test_the_normal_agrees_with_scipy(oracle: Any):
    chance = random.Random(4)
    for _ in range(500):
        p = chance.choice([chance.random(), 10 ** chance.uniform(-300, 0), 1 - 10 ** chance.uniform(-15, -1)])
        x = oracle.norm.ppf(p)

        assert stats.normal_quantile(p) == pytest.approx(x, rel=1e-13, abs=1e-15)
        assert stats.normal_cdf(x) == pytest.approx(oracle.norm.cdf(x), rel=1e-13)
    assert stats.normal_quantile(0.5) == 0.0


def test_drawn_sign_flips_agree_with_scipy_and_with_themselves(oracle: Any):
    chance = random.Random(5)
    differences = [chance.choice([-1, -2 / 3, -1 / 3, 0, 0, 0, 1 / 3, 2 / 3]) for _ in range(60)]
    shuffled = chance.sample(differences, len(differences))

    drawn = stats.sign_flip(differences)

    steps = [round(3 * abs(d)) for d in differences if d]  # exact by convolution: the sums lie on a lattice
    ways = {0: 1}
    for step in steps:
        grown: dict[int, int] = {}
        for total, count in ways.items():
            for next_total in (total - step, total + step):
                grown[next_total] = grown.get(next_total, 0) + count
        ways = grown
    observed = round(3 * sum(differences))
    exact = sum(count for total, count in ways.items() if total <= observed) / 2 ** len(steps)
    error = 4 * oracle.binom(9_999, exact).std() / 9_999
    assert not drawn.exact
    assert drawn.patterns == 9_999
    assert drawn.worse == pytest.approx(exact, abs=error + 1e-4)
    assert stats.sign_flip(shuffled) == drawn
    assert stats.sign_flip(differences, seed=1) != drawn


def test_drawn_sign_flips_never_reach_zero():
    drawn = stats.sign_flip([-0.5] * 40, draws=99)

    assert drawn == (1 / 100, 1.0, False, 99)


# --- 4. Promises ------------------------------------------------------------------------------------------------

LEVELS = st.floats(0.5, 0.999)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.one_of(st.integers(1, 60), st.integers(1, 100_000)))
    broken = draw(st.integers(0, n))
    return broken, draw(st.integers(0, n - broken)), n


@given(tables(), LEVELS)
def test_the_tango_range_holds_the_estimate_and_has_a_width(table: tuple[int, int, int], level: float):
    low, estimate, high = stats.tango_interval(*table, level=level)

    assert -1 <= low <= estimate <= high <= 1
    assert low < high


@given(tables(), LEVELS, LEVELS)
def test_more_confidence_never_narrows_the_tango_range(table: tuple[int, int, int], one: float, other: float):
    narrow = stats.tango_interval(*table, level=min(one, other))
    wide = stats.tango_interval(*table, level=max(one, other))

    assert wide.low <= narrow.low + 1e-12
    assert wide.high >= narrow.high - 1e-12


@given(tables(), LEVELS)
def test_swapping_broken_and_fixed_mirrors_the_tango_range(table: tuple[int, int, int], level: float):
    broken, fixed, n = table
    low, estimate, high = stats.tango_interval(broken, fixed, n, level=level)

    assert stats.tango_interval(fixed, broken, n, level=level) == (-high, -estimate, -low)


@given(st.integers(1, 100_000), st.floats(0.6, 0.999))
def test_without_flips_the_tango_bound_is_in_closed_form(n: int, level: float):
    z = stats.normal_quantile(level)

    assert stats.tango_lower(0, 0, n, level=level) == pytest.approx(-(z**2) / (n + z**2), rel=1e-9)
    assert stats.tango_upper(0, 0, n, level=level) == pytest.approx(z**2 / (n + z**2), rel=1e-9)


@given(tables(), st.floats(0.005, 0.5))
def test_the_bound_and_the_z_tell_the_same_story(table: tuple[int, int, int], margin: float):
    z = stats.tango_z(*table, margin=margin)

    assert stats.no_worse_than(*table, margin=margin) == (z > Z90) or z == pytest.approx(Z90, abs=1e-9)


@given(tables())
def test_the_ends_of_90_percent_are_the_one_sided_bounds_of_95(table: tuple[int, int, int]):
    low, _, high = stats.tango_interval(*table, level=0.90)

    assert stats.tango_lower(*table) == pytest.approx(low, abs=1e-12)
    assert stats.tango_upper(*table) == pytest.approx(high, abs=1e-12)


@given(tables())
def test_the_midp_sides_add_up_to_one(table: tuple[int, int, int]):
    broken, fixed, _ = table
    worse, better = stats.mcnemar_midp(broken, fixed), stats.mcnemar_midp(broken, fixed, side="better")

    assert worse + better == pytest.approx(1 if broken + fixed else 2, abs=1e-9)
    assert worse <= stats.mcnemar_exact(broken, fixed) + 1e-12


@given(st.integers(1, 3_000), st.data(), LEVELS)
def test_every_range_of_a_rate_holds_the_rate(n: int, data: st.DataObject, level: float):
    passed = data.draw(st.integers(0, n))

    for method in (stats.wilson_interval, stats.jeffreys_interval, stats.clopper_pearson_interval):
        low, estimate, high = method(passed, n, level=level)
        assert 0 <= low <= estimate <= high <= 1
        assert (low == 0) == (passed == 0)
        assert (high == 1) == (passed == n)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=2, max_size=80))
def test_pseudo_cases_are_bonett_price_for_pass_and_fail(differences: list[float]):
    broken, fixed, n = differences.count(-1.0), differences.count(1.0), len(differences)
    z, t = Z90, stats.student_t_quantile(0.95, n - 1)

    graded = stats.graded_pseudo_obs(differences)
    paired_range = stats.bonett_price_interval(broken, fixed, n, level=0.90)

    if paired_range.low > -1 and paired_range.high < 1:
        assert graded.standard_error == pytest.approx((paired_range.high - paired_range.low) / 2 / z)
    assert graded.low == pytest.approx(max(-1, graded.shrunk_mean - t * graded.standard_error))


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.randoms())
def test_sign_flip_equals_the_plain_count_in_any_order(differences: list[float], chance: random.Random):
    grid = [round(d * 8) / 8 for d in differences]  # eighths add up exactly
    sums = [
        sum(s * d for s, d in zip(signs, grid, strict=True)) for signs in product((-1, 1), repeat=len(grid))
    ]
    shuffled = chance.sample(grid, len(grid))

    result = stats.sign_flip(shuffled)

    assert result.worse == pytest.approx(sum(s <= sum(grid) for s in sums) / len(sums))
    assert result.better == pytest.approx(sum(s >= sum(grid) for s in sums) / len(sums))


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusted_p_values_keep_the_order_and_never_fall(p_values: list[float]):
    holm, bh = stats.holm(p_values), stats.benjamini_hochberg(p_values)

    for p, by_bh, by_holm in zip(p_values, bh, holm, strict=True):
        assert p <= by_bh + 1e-12 <= by_holm + 2e-12 <= 1 + 2e-12
    for adjusted in (holm, bh):
        ranked = [q for _, q in sorted(zip(p_values, adjusted, strict=True))]
        assert ranked == sorted(ranked)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: stats.wilson_interval(0, 0), "at least one case"),
        (lambda: stats.wilson_upper(3, 2), "between 0 and 2"),
        (lambda: stats.wilson_lower(1, 2, level=0.4), "one-sided level"),
        (lambda: stats.jeffreys_interval(1, 2, level=1.0), "level must lie"),
        (lambda: stats.clopper_pearson_interval(1, 2, level=0.0), "level must lie"),
        (lambda: stats.mcnemar_midp(-1, 0), "not be negative"),
        (lambda: stats.tango_interval(0, 0, 0), "at least one case"),
        (lambda: stats.tango_interval(2, 2, 3), "do not fit into 3"),
        (lambda: stats.tango_z(0, 0, 3, margin=1.5), "margin"),
        (lambda: stats.no_worse_than(0, 0, 3, margin=-0.1), "margin"),
        (lambda: stats.graded_pseudo_obs([]), "at least one"),
        (lambda: stats.graded_pseudo_obs([0.0, 1.5]), "not 1.5"),
        (lambda: stats.graded_pseudo_obs([math.nan]), "not nan"),
        (lambda: stats.graded_pseudo_obs([0.0], level=2), "level must lie"),
        (lambda: stats.clustered_pseudo_obs([1.0], [1, 1]), "do not match"),
        (lambda: stats.clustered_pseudo_obs([], []), "must be one"),
        (lambda: stats.clustered_pseudo_obs([0.0, 0.0], [1, 0]), "at least one case"),
        (lambda: stats.clustered_pseudo_obs([3.0], [2]), "not 1.5"),
        (lambda: stats.sign_flip([math.inf]), "finite"),
        (lambda: stats.sign_flip([1.0], draws=0), "draws"),
        (lambda: stats.holm([0.1, 1.1]), "p-value"),
        (lambda: stats.benjamini_hochberg([math.nan]), "p-value"),
        (lambda: stats.cases_to_detect(0.0, 0.1), "change of 0"),
        (lambda: stats.cases_to_detect(0.2, 0.1), "flip rate"),
        (lambda: stats.cases_to_show_no_worse(0.0, 0.05), "flip rate"),
        (lambda: stats.cases_to_show_no_worse(0.1, 0.0), "margin"),
        (lambda: stats.cases_to_show_no_worse(0.1, 0.05, change=-0.05), "not better than"),
        (lambda: stats.cases_without_flips(1.0), "margin"),
        (lambda: stats.detectable_change(0, 0.1), "at least one case"),
        (lambda: stats.variance_components([[1, 1]], []), "do not match"),
        (lambda: stats.variance_components([[1, 1]], [[1, 1]]), "two cases"),
        (lambda: stats.variance_components([[1, 1], [1]], [[1, 1], [1, 1]]), "two samples"),
        (lambda: stats.samples_needed(0, 0.1, 0.0, margin=0.05), "at least one case"),
        (lambda: stats.samples_needed(9, -0.1, 0.0, margin=0.05), "variances"),
        (lambda: stats.cases_needed(0, 0.1, 0.0, margin=0.05), "at least one sample"),
        (lambda: stats.false_break_probability(1.1, 3), "rate"),
        (lambda: stats.false_break_bound(50, 0), "draws"),
        (lambda: stats.cases_until_first_broken(5, 0), "broken"),
        (lambda: stats.drift_probability(3, 2, 0.1), "flips"),
        (lambda: stats.uniform_prior_interval(3, 2), "between 0 and 2"),
        (lambda: stats.uniform_prior_interval(1, 2, level=1.0), "level must lie"),
        (lambda: stats.bayes_paired(2, 2, 3), "do not fit into 3"),
        (lambda: stats.bayes_paired(0, 0, 3, margin=1.1), "margin"),
        (lambda: stats.standard_error([1.0]), "two scores"),
        (lambda: stats.standard_error([1.0, math.inf]), "finite"),
        (lambda: stats.clustered_standard_error([1.0], ["a", "b"]), "do not match"),
        (lambda: stats.clustered_standard_error([1.0, 0.0], ["a", "a"]), "two clusters"),
        (lambda: stats.clustered_mean_interval([1.0, 0.0], ["a", "b"], level=0), "level must lie"),
        (lambda: stats.cases_to_tell(0.0, 0.1), "change of 0"),
        (lambda: stats.cases_to_tell(0.1, -0.1), "variances"),
        (lambda: stats.cases_to_tell(0.1, 0.1, samples_head=0), "at least one sample"),
        (lambda: stats.cases_to_tell(0.1, 0.1, power=1.0), "probability"),
        (lambda: stats.obrien_fleming_boundaries(0), "looks"),
        (lambda: stats.pocock_boundaries(21), "looks"),
        (lambda: stats.obrien_fleming_boundaries(3, alpha=0.6), "alpha"),
        (lambda: stats.e_process([0.0], margin=1.0), "margin"),
        (lambda: stats.e_process([0.0], alpha=0.0), "alpha"),
        (lambda: stats.e_process([0.0, -1.5]), "not -1.5"),
        (lambda: stats.pass_at_k(0, 0, 1), "at least one draw"),
        (lambda: stats.pass_at_k(3, 4, 1), "between 0 and 3"),
        (lambda: stats.pass_hat_k(3, 2, 4), "k must"),
        (lambda: stats.expected_best(0), "candidates"),
        (lambda: stats.spurious_gain(3, 0.1, 0), "at least one case"),
        (lambda: stats.spurious_gain(3, 1.1, 9), "rate"),
        (lambda: stats.normal_quantile(0.0), "probability"),
        (lambda: stats.beta_cdf(1.5, 1, 1), "x must"),
        (lambda: stats.beta_cdf(0.5, 0, 1), "shapes"),
        (lambda: stats.beta_quantile(1.0, 1, 1), "probability"),
        (lambda: stats.student_t_cdf(1.0, 0), "degrees"),
        (lambda: stats.student_t_quantile(0.9, math.nan), "degrees"),
        (lambda: stats.binomial_at_least(1, -1, 0.5), "tries"),
        (lambda: stats.binomial_at_most(1, 1, 1.5), "probability"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], complaint: str):
    with pytest.raises(ValueError, match=complaint):
        call()


def test_every_public_name_is_listed_once_in_order_and_documented():
    assert list(stats.__all__) == sorted(set(stats.__all__))
    for name, made in ((name, getattr(stats, name)) for name in stats.__all__):
        if inspect.isfunction(made):
            # `normal_cdf` takes any number.
            parts = {"Args:", "Returns:", "Raises:", "Source:"} - (
                {"Raises:"} if name == "normal_cdf" else set()
            )
            assert all(part in inspect.getdoc(made) for part in parts), name


@pytest.mark.timeout(60)  # seconds in all; what grows with every subset or pair of cases would not end
def test_large_suites_are_decided():
    interval = stats.tango_interval(700, 650, 20_000)
    few = stats.sign_flip([k / 16 for k in range(1, 17)])
    many = stats.sign_flip([(k % 97 - 40) / 97 for k in range(5_000)])

    assert interval.low < interval.high
    assert few.better == 0.5**16
    assert 0 < many.better < 0.05


def test_importing_the_statistics_loads_nothing_slow():
    slow = "{'statistics', 'random', 'fractions', 'decimal', 'dataclasses'}"
    code = (
        "import sys; import promptctl.core; before = set(sys.modules);"
        f"import promptctl.core.stats; print({slow} & (set(sys.modules) - before))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
