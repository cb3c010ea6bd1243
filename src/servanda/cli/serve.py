"""`servanda serve`: the privacy centre, on this machine."""

from __future__ import annotations

import click

from servanda.cli.project import Project


@click.command("serve", short_help="Serve the privacy centre")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="The port.")
@click.option(
    "--trust-proxy", is_flag=True, help="Believe X-Forwarded-For and -Proto of a proxy on this machine."
)
@click.pass_obj
def command(project: Project, host: str, port: int, trust_proxy: bool) -> None:
    """Serve the pages on which persons learn what is promised, and ask for their rights.

    Put a web server with TLS in front of it. Requests that need nobody are carried out, and letters
    sent, as they come.
    """
    from threading import Event

    import uvicorn

    from servanda.web.centre.app import create
    from servanda.web.site import Site
    from servanda.worker.worker import Worker

    project.require()
    site = Site.of(project.folder, project.database())
    _ = site.policy, site.stores  # a document that cannot be used is told before anything is served
    click.echo(
        f"The privacy centre of {site.policy.controller.name}: http://{host}:{port}/   Stop it with Ctrl-C."
    )
    stop = Event()
    thread = Worker(project.folder, site.db, site.vault).start(stop)
    try:
        uvicorn.run(
            create(site), host=host, port=port, log_level="warning", access_log=False, server_header=False,
            proxy_headers=trust_proxy, forwarded_allow_ips="127.0.0.1",
        )  # fmt: skip
    finally:
        stop.set()
        thread.join(timeout=30)
