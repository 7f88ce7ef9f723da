"""`pellucid serve`: a model file answers over HTTP."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from pellucid.cli.data import ModelPath
from pellucid.saving import load

LEAST, MOST = 0.001, 1_000_000
"""Of megabytes, and of seconds: more than anyone needs, and less than what cannot be counted."""


def serve(
    model: ModelPath,
    host: Annotated[
        str, typer.Option(help="The address to listen at; by default this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any that is free.", min=0, max=65535)] = 8000,
    max_body_mb: Annotated[float, typer.Option(help="Megabytes that a request may have.")] = 8.0,
    max_rows: Annotated[int, typer.Option(help="Rows that a request may have.", min=1)] = 10_000,
    timeout: Annotated[
        float, typer.Option(help="Seconds for a request to come, and for its answer to be made.")
    ] = 30.0,
) -> None:
    """Answer requests over HTTP from MODEL, until Ctrl-C.

    POST /predict takes rows as JSON or CSV; /docs says in a browser what the model needs.
    """
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise ValueError(f"serving needs {name}: pip install 'pellucid[serve]'")
    from pellucid.serving import Limits, application
    from pellucid.serving.server import address_of, listen, run

    for option, value in (("--max-body-mb", max_body_mb), ("--timeout", timeout)):
        if not LEAST <= value <= MOST:
            raise ValueError(f"{option} is {value:g}: expected a number from {LEAST} to {MOST}")
    limits = Limits(body_bytes=int(max_body_mb * 2**20), rows=max_rows, seconds=timeout)
    loaded = load(model)
    with listen(host, port) as sock:
        address, is_loopback = address_of(sock)
        app = application(loaded, limits, loopback=is_loopback)
        if not is_loopback:
            print(
                "warning: whoever reaches this address can ask the model, and nothing is secret: "
                "put a server with TLS and access rights before it",
                file=sys.stderr,
            )
        said = f"serving {model} at {address} (see {address}/docs; Ctrl-C ends it)"
        run(app, sock, limits, lambda: print(said, flush=True))
