"""The `promptctl` command: a group whose commands are imported when they are called, and the one error handler.

A new command is one file here and one line in `COMMANDS`; its help line stands in the table, so that
`promptctl --help` imports no command.
"""

import os
import sys
from importlib import import_module
from typing import Any

import click

from promptctl._version import __version__
from promptctl.errors import PromptctlError, Several

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init:init", "Make a project that runs at once, without a key."),
    "demo": ("demo:demo", "Show one change that is better and one that is stopped."),
    "ask": ("ask:ask", "One answer now; --save makes it a case."),
    "test": ("test:test", "What a change breaks, what it fixes, how sure that is."),
    "diff": ("diff:diff", "How a prompt differs between two revisions, without a call."),
    "log": ("log:log", "The commits that changed a prompt, and what they changed."),
    "show": ("prompts:show", "Settings, inputs, files and digest of a prompt."),
    "render": ("prompts:render", "The exact messages, without a call."),
    "list": ("listing:list_", "Prompts, suites, cases by status, last decision."),
    "lint": ("lint:lint", "Everything that can be known without a model."),
    "report": ("report:report", "Show a result again, in any format."),
    "cases": ("cases:cases", "List, show, write and change cases; CSV out and in."),
    "checks": ("checks:checks", "The catalogue of checks, and a page for each."),
    "answers": ("answers:answers", "Import, export and count stored answers."),
    "import": ("import_:import_", "Take over prompts, cases and checks of other tools."),
    "schema": ("schema:schema", "The JSON Schema of a kind of file, for editors."),
    "doctor": ("doctor:doctor", "Versions, repository, keys found, stores."),
    "completion": ("completion:completion", "Let Tab complete: a script for bash, zsh or fish."),
}
SECTIONS = {
    "Every day": ("init", "demo", "ask", "test", "diff", "log", "show", "render", "list", "lint", "report"),
    "Cases and answers": ("cases", "checks", "answers"),
    "Set up": ("import", "doctor", "completion", "schema"),
}
SHOWN_ERRORS = 20
COMPLETING = "_PROMPTCTL_COMPLETE"
"""Set by the script of a shell that asks what could come next on the command line."""
# Click shows the help itself before 8.2; no exception is in () and none is caught.
HELP_ASKED: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class Lazy(click.Group):
    """Imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"promptctl.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, by section."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, but an unknown command names the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from promptctl.core.words import did_you_mean

            raise PromptctlError(
                f"there is no command {args[0]!r}",
                slug="usage",
                at=f"promptctl {args[0]}",
                fix=did_you_mean(args[0], COMMANDS) + "`promptctl --help` lists all",
            )
        return super().resolve_command(ctx, args)


@click.command(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    epilog="Start with `promptctl demo`, then `promptctl init` in a folder of your own.",
)
@click.version_option(__version__, prog_name="promptctl", message="%(prog)s %(version)s")
def promptctl() -> None:
    """Test-driven development for prompts, in Git.

    `promptctl test` says what a prompt change breaks, what it fixes, and how sure that is.
    """


def main(argv: list[str]) -> int:
    """Runs a command line and gives the exit code. Nothing that a user does ends in a traceback."""
    if COMPLETING in os.environ:
        from promptctl.cli.completion import answer_shell

        return answer_shell()
    from promptctl.cli.streams import hear_signals, make_streams

    hear_signals()
    make_streams()
    try:
        code = promptctl.main(args=argv, prog_name="promptctl", standalone_mode=False)
        sys.stdout.flush()  # so that what cannot be written is said
        return code if isinstance(code, int) else 0
    except PromptctlError as error:
        show_error(_with_hyphens(error, argv))
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except HELP_ASKED as error:
        sys.stdout.write((error.ctx.get_help() if error.ctx else "") + "\n")
        return 0
    except click.UsageError as error:
        show_error(_with_hyphens(_usage(error), argv))
        return 2
    except (click.Abort, KeyboardInterrupt):
        show_error(PromptctlError("interrupted", slug="interrupted", fix="run the same command again"))
        return 130
    except SystemExit as stop:  # click's answer to a broken pipe; ours last, so that something else broke
        return _our_bug(stop.__context__ or stop)
    except Exception as error:
        return _our_bug(error)


def show_error(error: PromptctlError) -> None:
    """What is wrong, where, what to do: three lines on stderr for each error, at most 20 errors."""
    from promptctl.reporters.safe import terminal_line

    errors = error.errors if isinstance(error, Several) else (error,)
    lines = []
    for one in errors[:SHOWN_ERRORS]:
        lines.append(f"error: {terminal_line(one.message)}  [{one.slug}]")
        lines += [f"  at   {terminal_line(str(one.at))}"] if one.at is not None else []
        lines += [f"  fix  {terminal_line(one.fix)}"] if one.fix else []
    if len(errors) > SHOWN_ERRORS:
        lines.append(f"… and {len(errors) - SHOWN_ERRORS} more errors")
    sys.stderr.write("\n".join(lines) + "\n")


def _usage(error: click.UsageError) -> PromptctlError:
    command = error.ctx.command_path if error.ctx else "promptctl"
    return PromptctlError(
        error.format_message().rstrip("."), slug="usage", at=command, fix=f"`{command} --help` shows how"
    )


def _with_hyphens(error: PromptctlError, argv: list[str]) -> PromptctlError:
    """An editor or a keyboard makes `—` of `--`, and what should be an option is taken for a name."""
    from promptctl.core.full_width import option

    for word in argv:
        if (meant := option(word)) and word in error.message:
            error.fix = f"write {meant}: {word} begins with a dash that is no hyphen"
    return error


def _our_bug(error: BaseException) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="promptctl-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"promptctl {__version__}, Python {sys.version}\n")
        traceback.print_exception(error, file=file)
    show_error(
        PromptctlError(
            f"this is a bug in promptctl: {type(error).__name__}",
            slug="bug",
            at=file.name,
            fix="report it with that file, after looking through it for what should stay private",
        )
    )
    return 70
