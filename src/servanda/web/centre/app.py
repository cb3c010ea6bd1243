"""The centre as an application that a server runs."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from servanda.errors import ServandaError
from servanda.web.centre.download import Download
from servanda.web.centre.pages import Centre
from servanda.web.guard import Guard, TooLong
from servanda.web.site import Site

_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("servanda.web")


def create(site: Site) -> FastAPI:
    """The centre of a site."""
    centre = Centre(site)
    download = Download(centre)
    app = FastAPI(title="Privacy centre", docs_url=None, redoc_url=None)
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    pages = {"response_class": HTMLResponse}
    get = (
        ("/", centre.home),
        ("/rights", centre.rights),
        ("/policy", centre.policy),
        ("/ask/{right}", centre.ask),
        ("/confirm/{token}", centre.confirm),
        ("/request", centre.state),
        ("/download/{token}", download.offer),
        ("/healthy", centre.healthy),
    )
    for path, page in get:
        app.add_api_route(path, page, methods=["GET"], **pages)  # type: ignore[arg-type]
    app.add_api_route("/ask/{right}", centre.asked, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/confirm/{token}", centre.confirmed, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/download/{token}", download.fetched, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/request/copy", download.own, methods=["POST"], response_class=HTMLResponse)

    def lost(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return centre.shown(request, "message", status, name="lost")

    def broken(request: Request, error: Exception) -> Response:
        """A fault of ours: the kind is logged, never a value."""
        _log.error("a page failed: %s at %s", type(error).__name__, _where(error))
        return centre.shown(request, "message", 500, name="broken")

    def long(request: Request, error: Exception) -> Response:
        del request, error
        return Response("too large", 413)

    app.add_exception_handler(HTTPException, lost)
    app.add_exception_handler(ServandaError, broken)
    app.add_exception_handler(TooLong, long)
    app.add_exception_handler(Exception, broken)
    return app


def _where(error: BaseException) -> str:
    """The file and line at which an error arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
