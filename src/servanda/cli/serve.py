"""`servanda serve`: the privacy centre, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.project import Project

if TYPE_CHECKING:
    from servanda.web.may_use import Decisions


@click.command("serve", short_help="Serve the privacy centre")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="The port.")
@click.option(
    "--trust-proxy", is_flag=True, help="Believe X-Forwarded-For and -Proto of a proxy on this machine."
)
@click.option(
    "--decision-token",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Answer /decision to applications that show the token in this file.",
)
@click.pass_obj
def command(project: Project, host: str, port: int, trust_proxy: bool, decision_token: Path | None) -> None:
    """Serve the pages on which persons learn what is promised, and ask for their rights.

    Put a web server with TLS in front of it. Requests that need nobody are carried out, and letters
    sent, as they come.
    """
    import gc
    from threading import Event

    import uvicorn

    from servanda.web.centre.app import create
    from servanda.worker.worker import Worker

    project.require()
    _ = project.vault, project.policy  # raise for unusable documents before the server starts
    _ = project.stores_document
    click.echo(
        f"The privacy centre of {project.policy.controller.name}: http://{host}:{port}/   Stop it with Ctrl-C."
    )
    stop, worker, app = Event(), Worker(project), create(project)
    if decision_token is not None:
        _decisions(project, decision_token).serve(app)
    thread = worker.start(stop)
    gc.freeze()  # the collector skips objects loaded so far
    try:
        uvicorn.run(
            app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
            proxy_headers=trust_proxy, forwarded_allow_ips="127.0.0.1",
        )  # fmt: skip
    finally:
        stop.set()
        thread.join(timeout=30)


def _decisions(project: Project, file: Path) -> Decisions:
    """The decision endpoint, protected by a token. Raises ServandaError for a token under 24 characters."""
    from servanda.errors import ServandaError
    from servanda.web.may_use import Decisions

    token = file.read_text(encoding="utf-8").strip()
    if len(token) < 24:
        raise ServandaError(
            f"the token in {file} is shorter than 24 characters", advice="openssl rand -hex 32 > FILE"
        )
    return Decisions(token, project)
