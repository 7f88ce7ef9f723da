"""`pellucid studio`: a page on which a network is watched as it learns."""

from __future__ import annotations

import os
import platform
import sys
import threading
import webbrowser
from typing import Annotated

import typer

PORT = 8750


def studio(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA|MODEL]",
            help="A built-in set, a CSV, TSV, Parquet, NPZ or IDX file, or a model file.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help=f"0 takes any that is free; by default {PORT}, or another if that is in use.",
            min=0,
            max=65535,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; by default this machine alone.")
    ] = "127.0.0.1",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Open the studio: a page on which a network learns DATA and is watched at it, until Ctrl-C."""
    from pellucid.studios.server import refuse_without_nicegui

    refuse_without_nicegui()
    from pellucid.serving.server import address_of, listen
    from pellucid.studios.opening import opened
    from pellucid.studios.server import Server

    try:
        sock = listen(host, PORT if port is None else port)
    except ValueError as error:
        if port is not None:
            raise
        try:
            sock = listen(host, 0)
        except ValueError:
            raise error from None
    with sock:
        address, is_loopback = address_of(sock)
        server = Server(sock, address, is_loopback)
        url = server.url(opened(data, server.shelf))
        if not is_loopback:
            print(
                "warning: the token is all that keeps others out, and whoever can listen to the "
                "network can read it",
                file=sys.stderr,
            )

        def announce() -> None:
            print(f"studio at {url} (Ctrl-C ends it)", flush=True)
            if browser and _has_screen():
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        server.run(announce)


def _has_screen() -> bool:
    """Whether a browser would be seen; one without windows would take over the terminal."""
    seen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(seen) or platform.system() != "Linux"
