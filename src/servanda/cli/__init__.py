"""The command line: one file per command, loaded only when it is called.

`servanda --help` therefore imports neither SQLAlchemy nor Pydantic. Results go to
stdout, all else to stderr; exit codes are those of `docs/reference/cli.md`.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from servanda import __version__
from servanda.project import Project

COMMANDS = {
    "init": "Write a policy.yaml and a stores.yaml to begin with, from one database URL",
    "check": "Hold the documents against the law and the stores against the documents",
    "rule": "Explain a rule, with an example",
    "facts": "Show the dated facts of law that rules judge with",
    "promises": "Show each promise: how it is kept, where, last and next, with its proof",
    "policy": "Compare, keep and list versions of the policy; print the JSON Schema",
    "plan": "Count what is due, say why, and save the plan",
    "apply": "Carry out a plan, page by page, each page proved",
    "hold": "Place, list, show and lift holds",
    "request": "Work a person's request, from its receipt to the answer",
    "restore": "Erase again what a restored backup brought back",
    "post": "List, read and send the letters that wait",
    "archive": "List, read and verify what is archived",
    "clock": "Say until when something is due by law, and why",
    "serve": "Serve the privacy centre",
    "event": "Record an event or evidence that the company's application sends",
    "ledger": "Verify, export and prove the evidence",
    "keys": "Make, show and rotate keys",
    "stores": "Show stores and places, and print the exact GRANTs",
}


class _Lazy(click.Group):
    """A group that imports `servanda.cli.<name>` only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order in which they are used."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None for an unknown name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"servanda.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A closed pipe ends the process quietly."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _exit_on_broken_pipe()
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean “{near[0]}”?" if near else " See servanda --help."
            ctx.fail(f"There is no command “{args[0]}”.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C", "folder", metavar="DIR", type=Path, default=".", help="Work in another folder, as git and make do."
)
@click.version_option(__version__, message="servanda %(version)s")
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Keep the promises of a privacy policy, and prove it."""
    if not folder.is_dir():
        raise click.BadParameter(f"there is no folder {folder}", param_hint="-C")
    ctx.obj = ctx.with_resource(Project(folder.resolve()))


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    from servanda.errors import ServandaError

    # commands allocate much and free little; the default threshold of the collector costs a tenth of the time
    gc.set_threshold(50_000)
    try:
        code: Any = command.main(args=args, prog_name="servanda", standalone_mode=False, color=_colour())
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ServandaError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except Exception as error:
        if os.environ.get("SERVANDA_TRACEBACK"):
            raise
        print_error(_unexpected(error))
        sys.exit(2)


def _exit_on_broken_pipe() -> NoReturn:
    """Exit with 128 + SIGPIPE when the reader of a pipe has closed it, such as `| head`.

    SIGPIPE itself stays ignored, Python's default: otherwise a database that closes its connection
    would kill the process in the middle of a page.
    """
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(devnull, stream.fileno())
    sys.exit(128 + signal.SIGPIPE)


def _unexpected(error: Exception) -> Any:
    """Wrap an unexpected exception: its type and its line. Its message is left out, as it may contain values."""
    import traceback

    from servanda.errors import ServandaError

    package = Path(__file__).parents[1]
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(package)
    ]
    position = f" at {Path(frames[-1].filename).relative_to(package)}:{frames[-1].lineno}" if frames else ""
    return ServandaError(
        f"a fault of Servanda itself: {type(error).__name__}{position}",
        advice="please report it; for the traceback, which may contain personal data, set SERVANDA_TRACEBACK=1",
    )


def _colour() -> bool | None:
    """False when NO_COLOR is set, else None: click then colours only a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def print_error(error: Any) -> None:
    """Print an error with its place and its remedy to stderr."""
    problems = getattr(error, "problems", None)
    head = click.style("refused:" if error.exit_code == 3 else "error:", fg="red", bold=True)
    if problems is None:
        lines = str(error.message).split("\n")
        for line in lines:
            click.echo(f"{head} {line}", err=True, color=_colour())
        if error.advice:
            click.echo(f"  {error.advice}", err=True, color=_colour())
        return
    for problem in problems:
        click.echo(f"{head} {problem.at}: {problem.message}", err=True, color=_colour())
        if problem.advice:
            click.echo(f"  {problem.advice}", err=True, color=_colour())
