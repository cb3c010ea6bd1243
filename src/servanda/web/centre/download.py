"""Fetching one's copy: by the link of the answer, or signed in, while the link is good.

    GET  /download/TOKEN    says what it is; mail programs that open links use nothing up
    POST /download/TOKEN    the copy, once counted
    POST /request/copy      the same, for whoever proved that the request is theirs

Each time is counted, and an entry of the ledger. Law: GDPR 12(3), 15(3), 20(1), 32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from servanda.apply.tombstones import SETTING
from servanda.errors import ServandaError
from servanda.rights.record import links
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests
from servanda.web.centre.pages import Centre
from servanda.web.guard import FORM, is_ours


@dataclass(frozen=True, slots=True)
class Download:
    """The pages by which a copy is fetched."""

    centre: Centre

    @property
    def copies(self) -> Copies:
        """The copies that wait."""
        return Copies(self.centre.project)

    def offer(self, request: Request, token: str) -> Response:
        """What the link would fetch; opening it uses nothing up."""
        project = self.centre.project
        with project.database.begin() as connection:
            found = links.look(connection, project.vault, "download", token, project.now)
        if found is None or not self.copies.present(found.request):
            return self.centre.shown(request, "message", 410, name="gone")
        return self.centre.shown(request, "download", token=token, left=found.left)

    async def fetched(self, request: Request, token: str) -> Response:
        """The button of the link was pressed."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._fetched, request, form.get("form"), token)

    async def own(self, request: Request) -> Response:
        """The button on the page of one’s request was pressed."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._fetched, request, form.get("form"), None)

    def _fetched(self, request: Request, form: Any, token: str | None) -> Response:
        project = self.centre.project
        if not is_ours(project.vault, request.cookies.get(FORM), form):
            return self.centre.shown(request, "message", 403, name="form")
        number = self._by_link(token) if token is not None else self._by_session(request)
        if number is None or not self.copies.present(number) or project.database.setting(SETTING):
            return self.centre.shown(request, "message", 410, name="gone")
        parts = self.copies.read(number, Requests(project).key_of(number))
        try:
            first = next(parts)
        except ServandaError:
            return self.centre.shown(request, "message", 410, name="gone")
        project.ledger.append("copy.fetched", {"request": number})
        name = f"{project.today.isoformat()}-{number}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_again(first, parts), media_type="application/zip", headers=headers)

    def _by_link(self, token: str) -> int | None:
        project = self.centre.project
        with project.database.begin() as connection:
            found = links.spend(connection, project.vault, "download", token, project.now)
        return None if found is None else found.request

    def _by_session(self, request: Request) -> int | None:
        project = self.centre.project
        number = self.centre.request_of(request)
        with project.database.begin() as connection:
            return number if number in links.opening(connection, "download", project.now) else None


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
