"""Assertions of promptfoo that have no check, and what to do instead."""

_JUDGE = "promptctl has no judges yet: check what code can tell, or a `python` check may decide"
_SIMILAR = "promptctl has no measure of likeness but `levenshtein` yet: take it, or a `python` check"
CODE = "write it as a `python` check, in a module of the project"
WITHOUT_A_CHECK = {
    **dict.fromkeys(
        ("llm-rubric", "g-eval", "model-graded-closedqa", "agent-rubric", "search-rubric", "pi"), _JUDGE
    ),
    **dict.fromkeys(
        ("factuality", "model-graded-factuality"),
        _JUDGE,
    ),
    **dict.fromkeys(
        ("answer-relevance", "context-faithfulness", "context-recall", "context-relevance"), _JUDGE
    ),
    **dict.fromkeys(
        ("conversation-relevance", "trajectory:goal-success", "classifier", "moderation"), _JUDGE
    ),
    **dict.fromkeys(("select-best", "max-score"), "compare the prompts: `promptctl test --base A --head B`"),
    **dict.fromkeys(("similar", "similar:cosine", "similar:dot", "similar:euclidean"), _SIMILAR),
    **dict.fromkeys(("rouge-n", "bleu", "gleu", "meteor"), _SIMILAR),
    **dict.fromkeys(("javascript", "python", "ruby"), CODE),
    "webhook": "a check never calls an address: " + CODE,
    **dict.fromkeys(("perplexity", "perplexity-score"), "promptctl asks for no log probabilities"),
    **dict.fromkeys(("guardrails", "human"), "look at the output: `watch: true`"),
    "is-refusal": "write `finish_reason: refusal`, or name its words in `contains_any`",
    "contains-xml": "write `is_xml: {extract: {block: xml}}`",
    "contains-html": "write `is_html: {extract: {block: html}}`",
    **dict.fromkeys(("is-sql", "contains-sql"), "write an `is_sql` check, which reads another dialect"),
    **dict.fromkeys(
        ("trace-error-spans", "trace-span-count", "trace-span-duration"), "promptctl records no traces"
    ),
    **dict.fromkeys(
        ("trajectory:step-count", "trajectory:tool-args-match", "skill-used"), "write a `tool_called` check"
    ),
    **dict.fromkeys(("trajectory:tool-sequence", "trajectory:tool-used"), "write a `tool_called` check"),
}
"""Types of assertion, without `not-`."""


class NotCarried(Exception):
    """An assertion without an equal: what of it, and what to do instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.what, self.instead = what, instead
