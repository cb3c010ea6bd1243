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
from servanda.web.centre.pages import Centre
from servanda.web.guard import FORM, is_ours


@dataclass(frozen=True, slots=True)
class Download:
    """The pages by which a copy is fetched."""

    centre: Centre

    @property
    def copies(self) -> Copies:
        """The copies that wait."""
        return Copies(self.centre.site.folder, self.centre.site.vault)

    def offer(self, request: Request, token: str) -> Response:
        """What the link would fetch; opening it uses nothing up."""
        site = self.centre.site
        with site.db.begin() as connection:
            found = links.look(connection, site.vault, "download", token, site.now())
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
        site = self.centre.site
        if not is_ours(site.vault, request.cookies.get(FORM), form):
            return self.centre.shown(request, "message", 403, name="form")
        number = self._by_link(token) if token is not None else self._by_session(request)
        if number is None or not self.copies.present(number) or site.db.setting(SETTING):
            return self.centre.shown(request, "message", 410, name="gone")
        parts = self.copies.read(number, site.requests.key_of(number))
        try:
            first = next(parts)
        except ServandaError:
            return self.centre.shown(request, "message", 410, name="gone")
        site.ledger.append("copy.fetched", {"request": number})
        name = f"{site.today.isoformat()}-{number}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_again(first, parts), media_type="application/zip", headers=headers)

    def _by_link(self, token: str) -> int | None:
        site = self.centre.site
        with site.db.begin() as connection:
            found = links.spend(connection, site.vault, "download", token, site.now())
        return None if found is None else found.request

    def _by_session(self, request: Request) -> int | None:
        site = self.centre.site
        number = self.centre.request_of(request)
        with site.db.begin() as connection:
            return number if number in links.opening(connection, "download", site.now()) else None


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
