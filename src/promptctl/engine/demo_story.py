"""The history that the sample project is shown with: a weak start, a change that mends it, one that must not pass.

The sample is the good end of the story. Its beginning is told as text edits of it, so there is one sample to
keep, not three; an edit whose anchor is no longer there exactly once is an error, never a silent no-op.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

Files = Mapping[str, str]
Edit = Callable[[str], str]

MAIN = "main"
BETTER = "better-triage"
STOPPED = "shorter-policy"

_EXAMPLES = "prompts/support/_examples.j2"
_POLICY = "prompts/_policy.j2"
_COMPLAINTS = "evals/*/cases/*.yaml"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit of the story.

    A branch other than `main` starts at main's last commit. `edits` changes files that are there, by path;
    `adds` names files of the sample, as globs, that are not there before this commit.
    """

    message: str
    branch: str = MAIN
    edits: Mapping[str, Edit] = field(default_factory=dict)
    adds: tuple[str, ...] = ()


def replaced(*pairs: tuple[str, str]) -> Edit:
    """An edit that puts the second of each pair in place of the first.

    Raises:
        ValueError: from the edit, where a first text does not stand there exactly once.
    """

    def edit(text: str) -> str:
        for before, after in pairs:
            if (times := text.count(before)) != 1:
                raise ValueError(
                    f"the story expects this text exactly once, found it {times} times: {before!r}"
                )
            text = text.replace(before, after)
        return text

    return edit


_EXAMPLE_BEFORE = """\
Ticket: 付了款一直不发货，能不能快一点？
Queue: delivery

"""
_ACCOUNT_EXAMPLES = """\
Ticket: 登录不了，一直提示密码错误。
Queue: account

Ticket: 账号想换一个绑定的手机号码。
Queue: account

"""
_REFUND_EN = (
    "- Refunds are paid to the original payment method within 14 days after the parcel is back with us.\n"
)
_REFUND_ZH = "- 退款会在我们收到退回的包裹后 14 天内原路退回。\n"
_SAFETY_EN = "- We never ask for your password or card number by phone or e-mail.\n"
_SAFETY_ZH = "- 我们不会通过电话或邮件索要密码和银行卡号。\n"
_INVOICE_EN = "- VAT invoices are sent by e-mail on the day the order ships.\n"
_INVOICE_ZH = "- 增值税发票在发货当天用邮件发送。\n"

STORY: tuple[Commit, ...] = (
    Commit(
        message="Start with four prompts and the cases they must pass",
        adds=("*",),
        edits={
            _EXAMPLES: replaced((_EXAMPLE_BEFORE + _ACCOUNT_EXAMPLES, _EXAMPLE_BEFORE)),
            _POLICY: replaced((_SAFETY_EN, ""), (_SAFETY_ZH, "")),
        },
    ),
    Commit(message="Keep four weeks of complaints as cases", adds=(_COMPLAINTS,)),
    Commit(
        message="Say in the policy that we never ask for a password",
        edits={
            _POLICY: replaced(
                (_INVOICE_EN, _INVOICE_EN + _SAFETY_EN), (_INVOICE_ZH, _INVOICE_ZH + _SAFETY_ZH)
            )
        },
    ),
    Commit(
        branch=BETTER,
        message="Show triage two Chinese tickets about accounts\n\n"
        "Feedback 1197 and 1219 went to the couriers: the examples had no Chinese sign-in problem.",
        edits={_EXAMPLES: replaced((_EXAMPLE_BEFORE, _EXAMPLE_BEFORE + _ACCOUNT_EXAMPLES))},
    ),
    Commit(
        branch=STOPPED,
        message="Shorten the shop policy\n\nEvery request carries it, and half of it goes without saying.",
        edits={
            _POLICY: replaced(
                (
                    _REFUND_EN,
                    "- Refunds are paid to the original payment method once the parcel is back with us.\n",
                ),
                (
                    "within 30 days of delivery; the return postage is yours to pay.",
                    "within 30 days of delivery.",
                ),
                ("2 years from the day of purchase; please keep the receipt.", "2 years; keep the receipt."),
                (_REFUND_ZH, "- 我们收到退回的包裹后会尽快原路退款。\n"),
                ("签收后 30 天内可以退货，退货运费由顾客承担。", "签收后 30 天内可以退货。"),
                ("灯具自购买之日起保修 2 年，请保留购物凭证。", "灯具保修 2 年，请保留购物凭证。"),
            )
        },
    ),
)


def history(sample: Files) -> Iterator[tuple[Commit, dict[str, str]]]:
    """Every commit of the story with all files it leaves, path → text.

    Args:
        sample: The sample project's files under `prompts/` and `evals/`, and any others, path → text.

    Raises:
        ValueError: the sample no longer fits the story: a text or a file that it tells of is not there.
    """
    tips: dict[str, dict[str, str]] = {MAIN: {}}
    for position, commit in enumerate(STORY):
        files = dict(tips.get(commit.branch, tips[MAIN]))
        later = [glob for other in STORY[position + 1 :] for glob in other.adds]
        added = [path for path in sample if _named(path, commit.adds) and not _named(path, later)]
        if commit.adds and not added:
            raise ValueError(f"the sample has no file {' or '.join(commit.adds)}")
        files.update((path, sample[path]) for path in added)
        for path, edit in commit.edits.items():
            if path not in files:
                raise ValueError(f"the sample has no file {path}")
            files[path] = edit(files[path])
        tips[commit.branch] = files
        yield commit, files


def _named(path: str, globs: tuple[str, ...] | list[str]) -> bool:
    return any(fnmatchcase(path, glob) for glob in globs)
