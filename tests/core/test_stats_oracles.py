"""The statistics against scipy, numpy and plain counting, on seeded random inputs."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pytest

from promptctl.core import stats

np = pytest.importorskip("numpy")
law = pytest.importorskip("scipy.stats")
integrate = pytest.importorskip("scipy.integrate")
optimize = pytest.importorskip("scipy.optimize")


def near(expected: float, within: float = 1e-9) -> Any:
    return pytest.approx(expected, rel=within, abs=within)


def random_tables(seed: int, count: int, most: int = 400) -> Iterator[tuple[int, int, int]]:
    """(broken, fixed, n), many of them with few flips, the first ones without any."""
    chance = Random(seed)
    yield from [(0, 0, 1), (0, 0, 50), (1, 0, 1), (0, 7, 7)]
    for _ in range(count):
        n = chance.randint(2, most)
        flips = chance.randint(0, chance.choice([min(n, 6), n]))
        broken = chance.randint(0, flips)
        yield broken, flips - broken, n


# --- One rate ---------------------------------------------------------------------------------------------------


def test_ranges_of_a_rate_agree_with_scipy():
    chance = Random(1)
    for _ in range(60):
        n = chance.randint(1, 800)
        passed, level = chance.choice([0, n, chance.randint(0, n)]), chance.uniform(0.6, 0.999)
        test = law.binomtest(passed, n)

        for method, theirs in (
            (stats.wilson_interval, test.proportion_ci(level, method="wilson")),
            (stats.clopper_pearson_interval, test.proportion_ci(level, method="exact")),
            (stats.uniform_prior_interval, law.beta(passed + 1, n - passed + 1).interval(level)),
        ):
            low, estimate, high = method(passed, n, level=level)
            least, most = theirs
            assert (low, estimate, high) == (near(least), passed / n, near(most))
        untruncated = stats.jeffreys_interval(passed, n, level=level, truncated=False)
        ends = law.beta(passed + 0.5, n - passed + 0.5).interval(level)
        assert (untruncated.low, untruncated.high) == (near(ends[0]), near(ends[1]))


def test_the_uniform_prior_never_promises_never_or_always():
    none, every = stats.uniform_prior_interval(0, 20), stats.uniform_prior_interval(20, 20)

    assert none.low == near(1 - 0.975 ** (1 / 21))
    assert every.high == near(0.975 ** (1 / 21))
    assert none.estimate == 0.0 < none.low
    assert every.high < every.estimate == 1.0


# --- The same cases twice ---------------------------------------------------------------------------------------


def test_mcnemar_agrees_with_scipys_binomial_test():
    for broken, fixed, _ in random_tables(2, 80):
        flips = broken + fixed
        if not flips:
            continue
        coin = law.binom(flips, 0.5)
        for side, count, alternative in (("worse", broken, "greater"), ("better", fixed, "greater")):
            exact = law.binomtest(count, flips, 0.5, alternative=alternative).pvalue
            assert stats.mcnemar_exact(broken, fixed, side=side) == near(exact)
            midp = exact - coin.pmf(count) / 2
            assert stats.mcnemar_midp(broken, fixed, side=side) == near(midp)
        assert stats.mcnemar_exact(broken, fixed, side="two-sided") == near(
            law.binomtest(broken, flips, 0.5).pvalue
        )


def score(broken: int, fixed: int, n: int, change: float) -> float:
    """The score of a change, its most likely flip rates found by search instead of in closed form."""
    floor, ceiling = max(0.0, -change), (1 - change) / 2

    def surprise(q: float) -> float:
        rates = (q, q + change, 1 - 2 * q - change)
        counts = (broken, fixed, n - broken - fixed)
        return -sum(k * math.log(max(p, 1e-300)) for k, p in zip(counts, rates, strict=True) if k)

    found = optimize.minimize_scalar(surprise, bounds=(floor, ceiling), options={"xatol": 1e-13})
    q = min([floor, ceiling, found.x], key=surprise)
    variance = n * (2 * q + change * (1 - change))
    return (fixed - broken - n * change) / math.sqrt(variance)


def test_tangos_score_agrees_with_a_likelihood_maximised_by_search():
    chance = Random(3)
    for broken, fixed, n in random_tables(3, 60):
        margin = chance.uniform(0.01, 0.3)

        assert stats.tango_z(broken, fixed, n, margin=margin) == near(score(broken, fixed, n, -margin), 1e-5)


def test_tangos_ends_are_where_the_score_is_the_normal_point():
    for broken, fixed, n in random_tables(4, 40):
        low, _, high = stats.tango_interval(broken, fixed, n)

        if low > -1:
            assert score(broken, fixed, n, low) == near(law.norm.ppf(0.95), 1e-4)
        if high < 1:
            assert score(broken, fixed, n, high) == near(law.norm.ppf(0.05), 1e-4)


def test_newcombe_agrees_with_scipys_wilson_ends_and_the_phi_coefficient():
    chance = Random(5)
    for _ in range(60):
        a, b, c, d = (chance.randint(1, 60) for _ in "abcd")  # both pass, broken, fixed, both fail
        n, level = a + b + c + d, chance.uniform(0.6, 0.999)
        before, after = (law.binomtest(k, n).proportion_ci(level, method="wilson") for k in (a + b, a + c))
        product = a * d - b * c
        corrected = product if product < 0 else max(0.0, product - n / 2)
        phi = corrected / math.sqrt((a + b) * (c + d) * (a + c) * (b + d))
        change, down, up = (c - b) / n, (a + c) / n - after.low, before.high - (a + b) / n
        left = math.sqrt(down**2 - 2 * phi * down * up + up**2)

        assert stats.newcombe_paired_interval(a, b, c, d, level=level).low == near(change - left)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")  # it is as exact as it can be
def test_beliefs_agree_with_scipy_integrating_over_the_other_share():
    chance = Random(6)
    for broken, fixed, n in random_tables(6, 25, most=2_000):
        margin = chance.choice([0.05, chance.uniform(0.001, 0.4)])
        flips, fixes = (
            law.beta(broken + fixed + 1, n - broken - fixed + 0.5),
            law.beta(fixed + 0.5, broken + 0.5),
        )
        # With B = sin² the pole of its density at 0 is gone; T must then stay below margin / (1 - 2B).
        most = math.asin(math.sqrt((1 - margin) / 2))

        def tail(angle: float, flips: Any = flips, fixes: Any = fixes, margin: float = margin) -> float:
            b = math.sin(angle) ** 2
            return float(fixes.pdf(b) * math.sin(2 * angle) * flips.cdf(margin / (1 - 2 * b)))

        spread = integrate.quad(tail, 0, most, epsabs=1e-12, epsrel=1e-12, limit=500)[0]

        belief = stats.bayes_paired(broken, fixed, n, margin=margin)
        assert belief.worse == near(fixes.cdf(0.5))
        assert belief.no_worse == near(fixes.sf((1 - margin) / 2) + spread, 1e-8)


def test_beliefs_at_the_ends_of_the_margin():
    assert stats.bayes_paired(3, 1, 50, margin=0).no_worse == near(1 - stats.bayes_paired(3, 1, 50).worse)
    assert stats.bayes_paired(3, 1, 50, margin=1).no_worse == 1.0
    assert stats.bayes_paired(0, 0, 100_000).no_worse == 1.0
    assert stats.bayes_paired(9_000, 1_000, 100_000, margin=0.01).no_worse == near(0.0)


# --- Scores and clusters ----------------------------------------------------------------------------------------


def random_clusters(chance: Random) -> tuple[list[float], list[int]]:
    count = chance.randint(2, 12)
    clusters = [*range(count), *(chance.randrange(count) for _ in range(chance.randint(0, 60)))]
    return [chance.choice([-1.0, 0.0, 0.0, 0.0, 1.0, chance.uniform(-1, 1)]) for _ in clusters], clusters


def test_clustered_errors_agree_with_a_sandwich_in_numpy():
    chance = Random(7)
    for _ in range(60):
        scores, clusters = random_clusters(chance)
        y, n, g = np.array(scores), len(scores), len(set(clusters))
        design = np.ones((n, 1))
        residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        bread = np.linalg.inv(design.T @ design)
        meat = np.zeros((1, 1))
        for cluster in set(clusters):
            inside = np.array(clusters) == cluster
            part = design[inside].T @ residuals[inside]
            meat += np.outer(part, part)
        cr0 = math.sqrt((bread @ meat @ bread)[0, 0])
        cr1 = cr0 * math.sqrt(g / (g - 1))

        assert stats.clustered_standard_error(scores, clusters, corrected=False) == near(cr0)
        assert stats.clustered_standard_error(scores, clusters) == near(cr1)
        assert stats.standard_error(scores) == near(law.sem(y))
        found = stats.clustered_mean_interval(scores, clusters, level=0.9)
        if cr1 > 1e-12:
            low, high = law.t(g - 1, loc=y.mean(), scale=cr1).interval(0.9)
            assert found == (near(low), near(y.mean()), near(high))


def test_each_case_a_cluster_is_the_plain_standard_error():
    scores = [0.0, 1.0, 0.25, -1.0, 0.5]

    assert stats.clustered_standard_error(scores, "abcde") == near(stats.standard_error(scores))


def test_pseudo_cases_and_pseudo_clusters_agree_with_numpy_over_padded_data():
    chance = Random(8)
    for _ in range(60):
        scores, clusters = random_clusters(chance)
        padded = np.array([*scores, 1.0, -1.0])
        reach = law.t(len(scores) - 1).ppf(0.95) * padded.std() / math.sqrt(len(padded))
        graded = stats.graded_pseudo_obs(scores)

        assert graded.low == near(max(-1.0, padded.mean() - reach))
        assert graded.high == near(min(1.0, padded.mean() + reach))

        sizes = np.bincount(clusters).astype(float)
        sums = np.bincount(clusters, weights=scores)
        g, typical = len(sizes), sizes.mean()
        sums, weights = np.array([*sums, typical, -typical]), np.array([*sizes, typical, typical])
        mean = sums.sum() / weights.sum()
        error = math.sqrt((g + 2) / (g + 1) * ((sums - mean * weights) ** 2).sum()) / weights.sum()
        found = stats.clustered_pseudo_obs(
            np.bincount(clusters, weights=scores).tolist(), np.bincount(clusters).tolist()
        )
        assert found.shrunk_mean == near(mean)
        assert found.standard_error == near(error)
        assert found.low == near(max(-1.0, mean - law.t(g - 1).ppf(0.95) * error))


def test_exact_sign_flips_agree_with_scipys_permutation_test():
    chance = Random(9)
    for _ in range(15):
        differences = [chance.choice([-1.0, -0.5, 0.25, 0.5, 1.0]) for _ in range(chance.randint(2, 9))]
        theirs = {
            side: law.permutation_test(
                (np.array(differences),), np.sum, permutation_type="samples", alternative=side
            ).pvalue
            for side in ("less", "greater")
        }

        found = stats.sign_flip(differences)

        assert (found.worse, found.better) == (near(theirs["less"]), near(theirs["greater"]))


def test_variance_components_agree_with_numpy():
    chance = Random(10)
    for _ in range(40):
        n, k = chance.randint(2, 30), chance.randint(2, 6)
        before, after = ([[chance.random() for _ in range(k)] for _ in range(n)] for _ in "ba")
        b, a = np.array(before), np.array(after)
        within = (b.var(axis=1, ddof=1) + a.var(axis=1, ddof=1)).mean()
        total = (a.mean(axis=1) - b.mean(axis=1)).var(ddof=1)

        found = stats.variance_components(before, after)

        assert found.mean_change == near(a.mean() - b.mean())
        assert found.within_cases == near(within)
        assert found.between_cases == near(max(0.0, total - within / k))
        assert found.standard_error == near(math.sqrt(total / n))


# --- Planning ---------------------------------------------------------------------------------------------------


def is_the_least(n: int, power_with: Callable[[int], float], power: float) -> bool:
    return power_with(n) >= power - 1e-12 and (n == 1 or power_with(n - 1) < power + 1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_sizes_are_the_least_that_reach_their_power(seed: int):
    chance = Random(seed)
    psi, alpha, power = chance.uniform(0.05, 0.4), chance.uniform(0.01, 0.2), chance.uniform(0.5, 0.95)
    change, margin, z = chance.uniform(0.01, psi), chance.uniform(0.01, 0.2), law.norm.isf(alpha)
    odds = {"alpha": alpha, "power": power}
    spread = math.sqrt(psi - change**2)

    assert is_the_least(
        stats.cases_to_detect(-change, psi, **odds),
        lambda n: law.norm.cdf((math.sqrt(n) * change - z * math.sqrt(psi)) / spread),
        power,
    )
    assert is_the_least(
        stats.cases_to_show_no_worse(psi, margin, change=change, **odds),
        lambda n: law.norm.cdf((change + margin) * math.sqrt(n) / spread - z),
        power,
    )
    between, base, head = (chance.uniform(0, 0.2) for _ in "vbh")
    told = stats.cases_to_tell(
        change, between, within_base=base, within_head=head, samples_base=2, samples_head=3, **odds
    )
    error = math.sqrt((between + base / 2 + head / 3) / told.exact)
    assert law.norm.cdf(change / error - law.norm.isf(alpha / 2)) == near(power)
    assert told.cases == math.ceil(told.exact)
    within = base + head
    n = stats.cases_needed(4, within, between, margin=margin, **odds)
    assert is_the_least(n, lambda n: law.norm.cdf(margin / math.sqrt((between + within / 4) / n) - z), power)


# --- Drawing again, choosing, looking ---------------------------------------------------------------------------


def test_redraws_agree_with_scipys_exact_tests():
    for k in range(1, 9):
        assert stats.all_against_all(k) == near(law.fisher_exact([[k, 0], [0, k]], "greater").pvalue)
    chance = Random(12)
    for _ in range(30):
        redraws, rate = chance.randint(1, 40), chance.random()
        flips = chance.randint(0, redraws)
        theirs = law.binomtest(flips, redraws, rate, alternative="greater").pvalue
        assert stats.drift_probability(flips, redraws, rate) == near(theirs)


@pytest.mark.parametrize("n", range(1, 8))
def test_pass_at_k_counts_every_choice_of_draws(n: int):
    for passed in range(n + 1):
        draws = [True] * passed + [False] * (n - passed)
        for k in range(1, n + 1):
            chosen = list(combinations(draws, k))
            some, every = sum(map(any, chosen)), sum(map(all, chosen))

            assert stats.pass_at_k(n, passed, k) == near(float(Fraction(some, len(chosen))))
            assert stats.pass_hat_k(n, passed, k) == near(float(Fraction(every, len(chosen))))


def test_pass_at_k_survives_many_draws():
    assert stats.pass_at_k(5_000, 1, 2_500) == near(0.5)
    assert stats.pass_hat_k(5_000, 4_999, 2_500) == near(0.5)


@pytest.mark.parametrize("candidates", [1, 2, 3, 10, 64, 1_000, 1_000_000])
def test_the_best_of_several_agrees_with_scipy(candidates: int):
    def density(x: float) -> float:
        return float(x * candidates * law.norm.pdf(x) * law.norm.cdf(x) ** (candidates - 1))

    expected = integrate.quad(density, -9, 0)[0] + integrate.quad(density, 0, 12, limit=200)[0]

    assert stats.expected_best(candidates) == near(expected, 1e-8)


def test_the_best_of_two_and_three_have_closed_forms():
    assert stats.expected_best(2) == near(1 / math.sqrt(math.pi))
    assert stats.expected_best(3) == near(1.5 / math.sqrt(math.pi))
    assert stats.spurious_gain(2, 0.0, 50) == 0.0


def spent(kind: str, share: float, alpha: float) -> float:
    if kind == "pocock":
        return float(alpha * np.log(1 + (np.e - 1) * share))
    return float(2 * law.norm.sf(law.norm.isf(alpha / 2) / np.sqrt(share)))


BOUNDARIES = {"obrien_fleming": stats.obrien_fleming_boundaries, "pocock": stats.pocock_boundaries}


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_boundaries_spend_as_planned_by_scipys_multivariate_normal(kind: str):
    chance = Random(13)
    for looks in (1, 2, 3, 5):
        alpha = chance.uniform(0.01, 0.2)
        bounds = np.array(BOUNDARIES[kind](looks, alpha=alpha))
        for seen in range(1, looks + 1):
            steps = np.arange(1, seen + 1)
            together = np.sqrt(np.minimum.outer(steps, steps) / np.maximum.outer(steps, steps))
            inside = law.multivariate_normal(cov=together, seed=1, abseps=1e-7, maxpts=400_000).cdf(
                bounds[:seen]
            )
            assert 1 - inside == pytest.approx(spent(kind, seen / looks, alpha), abs=2e-5)


@pytest.mark.parametrize("kind", BOUNDARIES)
@pytest.mark.parametrize("looks", [2, 5, 12])
def test_boundaries_spend_as_planned_on_a_fine_grid(kind: str, looks: int):
    # Simpson's rule over the density of z, each look from the one before: another rule, another scale.
    bounds = BOUNDARIES[kind](looks, alpha=0.05)
    used, before, density = law.norm.sf(bounds[0]), None, None
    for look in range(1, looks):
        z = np.linspace(-9, bounds[look - 1], 2_001)
        if before is None:
            density = law.norm.pdf(z)
        else:
            step = z[:, None] * math.sqrt(look) - before * math.sqrt(look - 1)
            density = integrate.simpson(density * law.norm.pdf(step) * math.sqrt(look), x=before, axis=1)
        beyond = law.norm.sf(bounds[look] * math.sqrt(look + 1) - z * math.sqrt(look))
        used += integrate.simpson(density * beyond, x=z)
        before = z
        assert used == pytest.approx(spent(kind, (look + 1) / looks, 0.05), abs=1e-8)


def test_gathered_evidence_agrees_with_numpy():
    chance = Random(14)
    bets = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.8])[:, None]
    for _ in range(40):
        margin, alpha = chance.uniform(0, 0.3), chance.choice([0.05, 0.2])
        x = np.array(
            [chance.choice([-1, 0, 0, 0, 1, chance.uniform(-1, 1)]) for _ in range(chance.randint(1, 150))]
        )
        paths = {
            "no_worse": np.cumprod(1 + bets * (x + margin) / (1 - margin), axis=1).mean(axis=0),
            "worse": np.cumprod(1 - bets * x, axis=1).mean(axis=0),
        }

        found = stats.e_process(x.tolist(), margin=margin, alpha=alpha)

        for side, path in paths.items():
            crossed = np.flatnonzero(path >= 1 / alpha)
            assert getattr(found, side) == pytest.approx(path[-1], rel=1e-9)
            assert getattr(found, f"{side}_at") == (crossed[0] + 1 if len(crossed) else None)


def test_no_case_is_no_evidence():
    assert stats.e_process([]) == (1.0, 1.0, None, None)


def test_gathered_evidence_is_seldom_fooled_however_often_one_looks():
    chance = Random(15)
    runs, fooled = 600, 0
    for _ in range(runs):
        x = chance.choices([-1, 1, 0], [0.10, 0.05, 0.85], k=300)  # exactly five points worse
        fooled += stats.e_process(x, margin=0.05).no_worse_at is not None

    assert fooled <= law.binom(runs, 0.05).ppf(0.999)


def test_corrections_for_many_agree_with_scipy():
    chance = Random(16)
    for _ in range(40):
        p = [chance.choice([0.01, 1.0, chance.random() ** 3]) for _ in range(chance.randint(1, 20))]
        order = np.argsort(p, kind="stable")
        steps = np.maximum.accumulate(np.minimum(1, np.array(p)[order] * np.arange(len(p), 0, -1)))

        assert stats.benjamini_hochberg(p) == pytest.approx(law.false_discovery_control(p))
        assert np.array(stats.holm(p))[order] == pytest.approx(steps)
