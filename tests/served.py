"""A centre that is served on loopback, and a visitor with a jar for cookies."""

from __future__ import annotations

import http.cookiejar
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
import uvicorn

from servanda.database import tables
from servanda.project import Project
from servanda.rights.record.requests import Requests
from servanda.web.centre.app import create


@dataclass
class Page:
    """What a server answered."""

    status: int
    text: str
    headers: dict[str, str]
    url: str

    @property
    def form(self) -> str:
        """The token of the page's form."""
        found = re.search(r'name="form" value="([0-9a-f]{64})"', self.text)
        return found[1] if found else ""


@dataclass
class Visitor:
    """A browser without scripts."""

    base: str
    language: str = "fr"
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def get(self, path: str, **headers: str) -> Page:
        return self._ask(urllib.request.Request(self.base + path, headers=headers))

    def post(self, path: str, **said: str) -> Page:
        data = urllib.parse.urlencode(said).encode()
        return self._ask(urllib.request.Request(self.base + path, data=data, method="POST"))

    def _ask(self, request: urllib.request.Request) -> Page:
        request.add_unredirected_header("Accept-Language", self.language)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        try:
            with opener.open(request, timeout=20) as answer:
                return Page(answer.status, answer.read().decode(), dict(answer.headers), answer.url)
        except urllib.error.HTTPError as error:
            return Page(error.code, error.read().decode(), dict(error.headers), request.full_url)


@dataclass
class Served:
    """A centre that runs, and what it keeps."""

    base: str
    project: Project

    @property
    def requests(self) -> Requests:
        return Requests(self.project)

    def visitor(self, language: str = "fr") -> Visitor:
        return Visitor(self.base, language)

    def letters(self) -> list[tuple[str, dict[str, object]]]:
        """Every letter that waits: its kind, and what it says to whom."""
        with self.project.database.read() as connection:
            rows = connection.execute(sa.select(tables.outbox).order_by(tables.outbox.c.id)).all()
        opened = [(row.kind, self.project.vault.open_sealed(row.key_id, row.sealed)) for row in rows]
        return [(kind, json.loads(text)) for kind, text in opened]

    def token(self) -> str:
        """The token of the newest link."""
        values = [said["values"] for kind, said in self.letters() if kind == "identity-link"][-1]
        assert isinstance(values, dict)
        return str(values["token"])


def serve(project: Project) -> Iterator[Served]:
    """Run a centre until the test is over."""
    config = uvicorn.Config(create(project), host="127.0.0.1", port=0, log_level="error", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", project)
    server.should_exit = True
    thread.join(10)
