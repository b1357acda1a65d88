"""The command that serves models over HTTP."""

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paraverbal.cli.app import app
from paraverbal.errors import ParaverbalError

if TYPE_CHECKING:
    from paraverbal.bundle.load import Model

TOKEN_VARIABLE = "PARAVERBAL_TOKEN"

# Too long to be guessed, if it is drawn at random.
SHORTEST_TOKEN = 16


@app.command()
def serve(
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="Name, bundle folder or run folder; may be given again, the first is the default."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; another than this machine's own needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help=f"File with the token that clients must send; else ${TOKEN_VARIABLE}, else none is asked for."
        ),
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Listen to other machines without a token.")] = False,
    most_megabytes: Annotated[float, typer.Option(help="Of one upload.")] = 64.0,
    most_seconds: Annotated[float, typer.Option(help="Of one recording, decoded.")] = 600.0,
    workers: Annotated[int | None, typer.Option(help="Requests worked on at once; else one a processor.")] = None,
    queue: Annotated[int, typer.Option(help="Requests that wait; one more is answered with 429.")] = 128,
    streams: Annotated[int, typer.Option(help="Live streams at once.")] = 16,
    grace: Annotated[float, typer.Option(help="Seconds for which requests are still taken after SIGTERM.")] = 2.0,
) -> None:
    """Serve models over HTTP, with a page to try them."""
    token = _token(token_file)
    if token is None and not insecure and not _is_own(host):
        raise ParaverbalError(
            f"--host {host} can be reached by other machines and no token is set; give --token-file or "
            f"{TOKEN_VARIABLE}, or --insecure if whoever reaches it may use it"
        )
    from paraverbal.service import Limits, create_app
    from paraverbal.service.limits import MEGABYTE
    from paraverbal.service.server import serve as serve_app

    limits = Limits(
        body_bytes=round(most_megabytes * MEGABYTE),
        held_bytes=max(Limits.held_bytes, round(most_megabytes * MEGABYTE)),
        seconds=most_seconds,
        workers=workers,
        queue=queue,
        streams=streams,
    )
    serve_app(create_app(_loaded(model), limits, token=token), host=host, port=port, grace_seconds=grace)


def _loaded(names: list[str] | None) -> "dict[str, Model]":
    """Return the models by their names, in order."""
    from paraverbal.bundle.load import DEFAULT, load_model

    models: dict[str, Model] = {}
    for name in names or [DEFAULT]:
        one = load_model(name)
        if one.name in models:
            raise ParaverbalError(
                f"--model {name}: another one given before is called {one.name!r} too; export it anew"
            )
        models[one.name] = one
    return models


def _token(file: Path | None) -> str | None:
    """Return the token: of the file, else of the environment; None if there is neither."""
    text = os.environ.get(TOKEN_VARIABLE) if file is None else file.read_text(encoding="utf-8")
    if text is None:
        return None
    token = text.strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        where = TOKEN_VARIABLE if file is None else str(file)
        raise ParaverbalError(
            f"{where}: the token must be one word of at least {SHORTEST_TOKEN} ASCII characters, "
            "for example from: openssl rand -hex 32"
        )
    return token


def _is_own(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
