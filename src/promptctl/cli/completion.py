"""`promptctl completion`: the script that lets a shell complete commands, options and the project's own names.

The shell runs `promptctl` with `_PROMPTCTL_COMPLETE` set for every press of Tab, so an answer has to be quick, and
whatever goes wrong has to be silent: a message would land in the middle of the line that is being typed.
"""

import os
import sys
from collections.abc import MutableMapping
from typing import Any, ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from promptctl.cli.main import COMMANDS, COMPLETING, Lazy, promptctl
from promptctl.cli.output import write
from promptctl.cli.suggestions import teach

EPILOG = """\b
Bash, in ~/.bashrc:
  eval "$(promptctl completion bash)"
Zsh, in ~/.zshrc, behind `autoload -Uz compinit && compinit`:
  eval "$(promptctl completion zsh)"
Fish:
  mkdir -p ~/.config/fish/completions
  promptctl completion fish > ~/.config/fish/completions/promptctl.fish

\b
A file loads quicker than eval; write it anew after an update:
  mkdir -p ~/.local/share/bash-completion/completions
  promptctl completion bash > ~/.local/share/bash-completion/completions/promptctl
  promptctl completion zsh > "${fpath[1]}/_promptctl"
Then open a new terminal. `promptctl doctor` says whether it is installed.
"""

# Bash cuts words at `@`, `=` and `:` before a function sees them, so the line itself is handed over. Version 3.2, which
# macOS has, knows neither `nosort` nor `compopt`.
_BASH = """\
%(complete_func)s() {
    local response type value
    COMPREPLY=()
    response=$(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null) || return 0
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""


class _Typed(ShellComplete):
    """Lets a suggestion see the words before it: click keeps none of them while an option waits for its value."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        self.ctx_args["obj"] = args
        return super().get_completions(args, incomplete)


class _Bash(_Typed, BashComplete):
    source_template: ClassVar[str] = _BASH
    done = ""

    def source(self) -> str:
        return ShellComplete.source(self)  # click's own starts a Bash to learn its version

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        if incomplete and line.endswith(incomplete):  # not in quotes, where Bash cuts nothing
            cut = max(map(incomplete.rfind, os.environ.get("COMP_BREAKS", "@=:"))) + 1
            self.done = incomplete[:cut]
        return words, incomplete

    def format_completion(self, item: Any) -> str:
        return f"{item.type},{item.value.removeprefix(self.done)}"


class _Zsh(_Typed, ZshComplete):
    pass


class _Fish(_Typed, FishComplete):
    pass


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(list(_SHELLS)), metavar="bash|zsh|fish")
def completion(shell: str) -> None:
    """Prints the script that completes commands, options, prompts, cases, suites, tags and models on Tab."""
    write(_SHELLS[shell](promptctl, {}, "promptctl", COMPLETING).source(), trusted=True)


def answer_shell() -> int:
    """What a shell asked for by `_PROMPTCTL_COMPLETE`, on standard output; nothing at all where anything fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        shell, _, what = os.environ[COMPLETING].partition("_")
        asked = _SHELLS[shell](_taught(), {"resilient_parsing": True}, "promptctl", COMPLETING)
        write(asked.source() if what == "source" else asked.complete(), trusted=True)
        sys.stdout.flush()
    except (Exception, SystemExit):
        return 1
    return 0


class _Taught(Lazy):
    """The commands, whose values can be completed too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            teach(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The names with their lines of the help: a click group would import every command for them."""
        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _taught() -> click.Command:
    settings: MutableMapping[str, Any] = dict(promptctl.context_settings)
    return _Taught(name="promptctl", params=promptctl.params, context_settings=settings)
