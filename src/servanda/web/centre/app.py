"""The privacy centre as an ASGI application."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from servanda.errors import ServandaError
from servanda.project import Project
from servanda.rights.right import load
from servanda.web.centre.download import Download
from servanda.web.centre.mine import AccountPages
from servanda.web.centre.pages import Centre
from servanda.web.guard import BodyTooLarge, Guard

_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("servanda.web")


_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The copy, as a zip", "content": {"application/zip": {}}}
}
_EXTRA_RESPONSES: dict[str, dict[int | str, dict[str, Any]]] = {
    "/confirm/{token}": {303: {"description": "Proved; see /request"}},
    "/download/{token}": _ZIP,
    "/request/copy": _ZIP,
    "/mine": {303: {"description": "Changed; see /mine"}},
    "/enter": {303: {"description": "Signed in; see /mine"}},
    "/leave": {303: {"description": "Signed out"}},
    "/ask/{right}": {303: {"description": "Of somebody who is signed in; see /request"}},
}
_DESCRIPTIONS = {
    200: "A page",
    400: "The body is not a form",
    403: "The form token does not belong to this visitor",
    404: "The page does not exist",
    409: "Not possible at the moment",
    410: "The link is used, expired or forged",
    413: "The body is too large",
    422: "The form with its validation errors",
    429: "Too many requests within an hour",
}


def _pages(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses for pages with these HTTP statuses."""
    kinds: dict[str, Any] = {"text/html": {}, "text/plain": {}}
    return {status: {"description": _DESCRIPTIONS[status], "content": kinds} for status in statuses}


def _form(*fields: str) -> dict[str, Any]:
    """The OpenAPI request body of a form: its token and these fields."""
    texts = {name: {"type": "string"} for name in ("form", *fields)}
    schema = {"type": "object", "properties": texts, "required": ["form"]}
    return {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def create(project: Project) -> FastAPI:
    """Create the application for a project. Raises ServandaError where a right lacks sentences in a catalogue."""
    load()
    centre = Centre(project)
    download, account_pages = Download(centre), AccountPages(centre)
    app = FastAPI(title="Privacy centre", docs_url=None, redoc_url=None)
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    get: tuple[tuple[str, Any, tuple[int, ...]], ...] = (
        ("/", centre.home, ()),
        ("/rights", centre.rights, ()),
        ("/policy", centre.policy, ()),
        ("/ask/{right}", centre.ask, (404,)),
        ("/confirm/{token}", centre.confirm, (410,)),
        ("/request", centre.state, (410,)),
        ("/download/{token}", download.offer, (410,)),
        ("/mine", account_pages.page, (410,)),
    )
    for path, page, statuses in get:
        app.add_api_route(
            path, page, methods=["GET"], response_class=HTMLResponse, responses=_pages(200, *statuses)
        )
    post: tuple[tuple[str, Any, tuple[str, ...], tuple[int, ...]], ...] = (
        ("/ask/{right}", centre.asked, ("email", "words", "wish", "executor", "purpose"), (200, 404, 429)),
        ("/confirm/{token}", centre.confirmed, (), (410,)),
        ("/download/{token}", download.fetched, (), (410,)),
        ("/request/copy", download.own, (), (410,)),
        ("/mine", account_pages.changed, (), (409, 410)),
        ("/enter", account_pages.enter, ("token",), (404,)),
        ("/leave", account_pages.leave, (), ()),
    )
    for path, send, fields, statuses in post:
        app.add_api_route(
            path, send, methods=["POST"], response_class=HTMLResponse, openapi_extra=_form(*fields),
            responses={**_pages(*statuses, 400, 403, 413, 422), **_EXTRA_RESPONSES.get(path, {})},
        )  # fmt: skip
    app.add_api_route("/healthy", centre.healthy, methods=["GET"], response_class=PlainTextResponse)

    _add_error_handlers(app, centre)
    return app


def _add_error_handlers(app: FastAPI, centre: Centre) -> None:
    """Add the pages for unknown paths, bodies that are too large, and internal errors."""

    def lost(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return centre.render(request, "message", status, name="lost")

    def broken(request: Request, error: Exception) -> Response:
        """Answer an internal error with status 500; its type and line are logged, never its message."""
        _log.error("a page failed: %s at %s", type(error).__name__, _where(error))
        return centre.render(request, "message", 500, name="broken")

    def long(request: Request, error: Exception) -> Response:
        del request, error
        return Response("too large", 413)

    app.add_exception_handler(HTTPException, lost)
    app.add_exception_handler(ServandaError, broken)
    app.add_exception_handler(BodyTooLarge, long)
    app.add_exception_handler(Exception, broken)


def _where(error: BaseException) -> str:
    """The file and line at which an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
