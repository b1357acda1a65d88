"""The application that commands are registered with."""

from typing import Annotated

import typer

app = typer.Typer(
    name="paraverbal",
    help="Speech emotion recognition: from folders of recordings to trained, honestly evaluated, deployable models.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from paraverbal import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options before a command."""
