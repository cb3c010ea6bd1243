"""The centre as an application that a server runs."""

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
from servanda.web.centre.mine import Mine
from servanda.web.centre.pages import Centre
from servanda.web.guard import Guard, TooLong

_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("servanda.web")


_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The copy, as a zip", "content": {"application/zip": {}}}
}
_OTHER: dict[str, dict[int | str, dict[str, Any]]] = {
    "/confirm/{token}": {303: {"description": "Proved; see /request"}},
    "/download/{token}": _ZIP,
    "/request/copy": _ZIP,
    "/mine": {303: {"description": "Changed; see /mine"}},
    "/enter": {303: {"description": "Signed in; see /mine"}},
    "/leave": {303: {"description": "Signed out"}},
    "/ask/{right}": {303: {"description": "Of somebody who is signed in; see /request"}},
}
_MEANS = {
    200: "A page",
    400: "No form",
    403: "A form that is not of this visitor",
    404: "No such page",
    409: "Not now",
    410: "A link that is used, over or forged",
    413: "Too long",
    422: "The form again, with what is wrong",
    429: "Too often within an hour",
}


def _pages(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Pages with these statuses, as the description of the interface says them."""
    kinds: dict[str, Any] = {"text/html": {}, "text/plain": {}}
    return {status: {"description": _MEANS[status], "content": kinds} for status in statuses}


def _form(*fields: str) -> dict[str, Any]:
    """The form that a page takes: its own token, and what is typed."""
    texts = {name: {"type": "string"} for name in ("form", *fields)}
    schema = {"type": "object", "properties": texts, "required": ["form"]}
    return {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def create(project: Project) -> FastAPI:
    """The centre of a project. Raises ServandaError where sentences of a right are missing in a catalogue."""
    load()
    centre = Centre(project)
    download, mine = Download(centre), Mine(centre)
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
        ("/mine", mine.page, (410,)),
    )
    for path, page, others in get:
        app.add_api_route(
            path, page, methods=["GET"], response_class=HTMLResponse, responses=_pages(200, *others)
        )
    post: tuple[tuple[str, Any, tuple[str, ...], tuple[int, ...]], ...] = (
        ("/ask/{right}", centre.asked, ("email", "words", "wish", "executor", "purpose"), (200, 404, 429)),
        ("/confirm/{token}", centre.confirmed, (), (410,)),
        ("/download/{token}", download.fetched, (), (410,)),
        ("/request/copy", download.own, (), (410,)),
        ("/mine", mine.changed, (), (409, 410)),
        ("/enter", mine.enter, ("token",), (404,)),
        ("/leave", mine.leave, (), ()),
    )
    for path, send, fields, others in post:
        app.add_api_route(
            path, send, methods=["POST"], response_class=HTMLResponse, openapi_extra=_form(*fields),
            responses={**_pages(*others, 400, 403, 413, 422), **_OTHER.get(path, {})},
        )  # fmt: skip
    app.add_api_route("/healthy", centre.healthy, methods=["GET"], response_class=PlainTextResponse)

    _answer_faults(app, centre)
    return app


def _answer_faults(app: FastAPI, centre: Centre) -> None:
    """What somebody sees when a page is not there, is too long, or fails."""

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


def _where(error: BaseException) -> str:
    """The file and line at which an error arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
