"""The numbers behind a decision: intervals, tests, sample sizes, corrections for looking often.

- `rates`: one pass rate and its range.
- `tango`: the change in pass rate over the same cases before and after, and its range.
- `paired`: the same cases again: McNemar's tests, and the ranges of Bonett-Price and Newcombe.
- `graded`: differences between -1 and 1 (graded scores, several draws a case), also in clusters.
- `planning`: how many cases or samples settle it, and which change a suite can see.
- `redraws`: what repeating a draw proves about a flip, and about drift of the model.
- `multiplicity`: p-values of several suites, tags or checks.
- `sequential`: looking before all cases are asked.
- `choosing`: the best of several draws, and of several candidates.
- `posterior`, `standard_errors`: beliefs, and means by the normal theory; for display and planning alone.
- `binomial`, `special`, `quadrature`: the distributions all of these rest on, and areas below curves.
- `interval`: the shape of an answer with its range.

Everywhere base comes before head, a change is head minus base (negative is worse), and rates are fractions:
0.05 is five points. The same input gives the same number, whatever the order of the cases.

Never here: files, clocks, unseeded chance, records of runs, or the rule that stops a change.
"""

from promptctl.core.stats.binomial import binomial_at_least, binomial_at_most, binomial_probability
from promptctl.core.stats.choosing import expected_best, pass_at_k, pass_hat_k, spurious_gain
from promptctl.core.stats.graded import (
    PseudoInterval,
    SignFlip,
    clustered_pseudo_obs,
    graded_pseudo_obs,
    sign_flip,
)
from promptctl.core.stats.interval import Interval
from promptctl.core.stats.multiplicity import benjamini_hochberg, holm
from promptctl.core.stats.paired import (
    Side,
    bonett_price_interval,
    mcnemar_exact,
    mcnemar_midp,
    newcombe_paired_interval,
)
from promptctl.core.stats.planning import (
    VarianceComponents,
    cases_needed,
    cases_to_detect,
    cases_to_show_no_worse,
    cases_without_flips,
    detectable_change,
    samples_needed,
    variance_components,
)
from promptctl.core.stats.posterior import PairedPosterior, bayes_paired
from promptctl.core.stats.rates import (
    clopper_pearson_interval,
    jeffreys_interval,
    uniform_prior_interval,
    wilson_interval,
    wilson_lower,
    wilson_upper,
)
from promptctl.core.stats.redraws import (
    all_against_all,
    cases_until_first_broken,
    drift_probability,
    false_break_bound,
    false_break_probability,
    flip_probability,
)
from promptctl.core.stats.sequential import (
    EProcess,
    e_process,
    obrien_fleming_boundaries,
    pocock_boundaries,
)
from promptctl.core.stats.special import (
    beta_cdf,
    beta_quantile,
    normal_cdf,
    normal_quantile,
    student_t_cdf,
    student_t_quantile,
)
from promptctl.core.stats.standard_errors import (
    CasesToTell,
    cases_to_tell,
    clustered_mean_interval,
    clustered_standard_error,
    standard_error,
)
from promptctl.core.stats.tango import no_worse_than, tango_interval, tango_lower, tango_upper, tango_z

__all__ = [
    "CasesToTell",
    "EProcess",
    "Interval",
    "PairedPosterior",
    "PseudoInterval",
    "Side",
    "SignFlip",
    "VarianceComponents",
    "all_against_all",
    "bayes_paired",
    "benjamini_hochberg",
    "beta_cdf",
    "beta_quantile",
    "binomial_at_least",
    "binomial_at_most",
    "binomial_probability",
    "bonett_price_interval",
    "cases_needed",
    "cases_to_detect",
    "cases_to_show_no_worse",
    "cases_to_tell",
    "cases_until_first_broken",
    "cases_without_flips",
    "clopper_pearson_interval",
    "clustered_mean_interval",
    "clustered_pseudo_obs",
    "clustered_standard_error",
    "detectable_change",
    "drift_probability",
    "e_process",
    "expected_best",
    "false_break_bound",
    "false_break_probability",
    "flip_probability",
    "graded_pseudo_obs",
    "holm",
    "jeffreys_interval",
    "mcnemar_exact",
    "mcnemar_midp",
    "newcombe_paired_interval",
    "no_worse_than",
    "normal_cdf",
    "normal_quantile",
    "obrien_fleming_boundaries",
    "pass_at_k",
    "pass_hat_k",
    "pocock_boundaries",
    "samples_needed",
    "sign_flip",
    "spurious_gain",
    "standard_error",
    "student_t_cdf",
    "student_t_quantile",
    "tango_interval",
    "tango_lower",
    "tango_upper",
    "tango_z",
    "uniform_prior_interval",
    "variance_components",
    "wilson_interval",
    "wilson_lower",
    "wilson_upper",
]
