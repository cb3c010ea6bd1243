"""The download of a person's copy, by link or from a session, until the link expires.

    GET  /download/TOKEN    describes the copy; not counted, as mail programs open links
    POST /download/TOKEN    the copy; counts as one download
    POST /request/copy      the same, for a session that has proved the request

Each download is recorded in the ledger. Law: GDPR 12(3), 15(3), 20(1), 32.
"""

from __future__ import annotations

import secrets
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
from servanda.web.guard import FORM, cookie, form_is_valid


@dataclass(frozen=True, slots=True)
class Download:
    """The pages for the download of a copy."""

    centre: Centre

    @property
    def copies(self) -> Copies:
        """The stored copies."""
        return Copies(self.centre.project)

    def offer(self, request: Request, token: str) -> Response:
        """The page of a link; opening it does not count as a download."""
        project = self.centre.project
        with project.database.begin() as connection:
            link = links.look(connection, project.vault, "download", token, project.now)
        if link is None or not self.copies.present(link.request):
            return self.centre.render(request, "message", 410, name="gone")
        return self.centre.render(request, "download", token=token, left=link.left)

    async def fetched(self, request: Request, token: str) -> Response:
        """Send the copy of a link."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._fetched, request, form.get("form"), token)

    async def own(self, request: Request) -> Response:
        """Send the copy of the request of this session."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._fetched, request, form.get("form"), None)

    def _fetched(self, request: Request, form: Any, token: str | None) -> Response:
        project = self.centre.project
        if not form_is_valid(project.vault, cookie(request, FORM), form):
            return self.centre.render(request, "message", 403, name="form")
        number = self._by_link(token) if token is not None else self._by_session(request)
        if number is None or not self.copies.present(number) or project.database.setting(SETTING):
            return self.centre.render(request, "message", 410, name="gone")
        parts = self.copies.read(number, Requests(project).key_of(number))
        try:
            first, size = next(parts), self.copies.size(number)
        except (ServandaError, OSError):
            return self.centre.render(request, "message", 410, name="gone")
        project.ledger.append("copy.fetched", {"request": number})
        name = f"{project.today.isoformat()}-{number}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(size),  # a copy that was cut on its way is then an error in the browser, …
            "ETag": f'"{secrets.token_hex(16)}"',  # … which takes cut answers without a strong validator for whole
        }
        return StreamingResponse(_again(first, parts), media_type="application/zip", headers=headers)

    def _by_link(self, token: str) -> int | None:
        project = self.centre.project
        with project.database.begin() as connection:
            link = links.spend(connection, project.vault, "download", token, project.now)
        return None if link is None else link.request

    def _by_session(self, request: Request) -> int | None:
        project = self.centre.project
        number = self.centre.request_of(request)
        with project.database.begin() as connection:
            return number if number in links.opening(connection, "download", project.now) else None


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
