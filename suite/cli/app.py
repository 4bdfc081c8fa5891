"""The command `suite`: its subcommands, and what happens when something goes wrong."""

import sys
from typing import Annotated

import typer

import suite
from suite.cli import catalogue, check, data, plan, report, repro, run, show, submit, sync
from suite.cli.console import fail
from suite.errors import InputError, TrialError

app = typer.Typer(
    name="suite",
    help="The well-known tips on training neural networks, put to the test.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(run.run)
app.command()(submit.submit)
app.command()(plan.plan)
app.command("list")(catalogue.list_ablations)
app.command()(show.show)
app.command()(check.check)
app.command()(report.report)
app.command()(repro.repro)
app.command()(sync.sync)
app.command()(show.schema)
app.add_typer(data.app, name="data")


def _version(asked: bool) -> None:
    if asked:
        print(f"suite {suite.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The well-known tips on training neural networks, put to the test."""


def main() -> None:
    """Entry point. A user's mistake is one line per problem and exit code 2, never a traceback."""
    try:
        app()
    except (InputError, TrialError) as error:
        fail(str(error))
    except BrokenPipeError:  # `suite list | head`
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        fail("interrupted", code=130)
