"""A visitor of the privacy centre, in the demo: asks, reads the mail, confirms, fetches the copy.

A browser without scripts, made of the standard library. Letters are files, since the demo has no mail server.
"""

from __future__ import annotations

import http.cookiejar
import io
import re
import time
import urllib.parse
import urllib.request
import zipfile
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_PATIENCE = 60.0


@dataclass
class Visitor:
    """Somebody with an address, at the centre `base`; their mail lies in `inbox`."""

    base: str
    address: str
    inbox: Path
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)
    read: set[str] = field(default_factory=set)
    known: bool = False

    def ask(self, right: str) -> str:
        """Ask for a right on the form. Returns the sentence that the page answers with.

        Who followed a link before is signed in: no address is asked for, and nothing need be confirmed.
        """
        form = self._form(f"/ask/{right}")
        who = {} if self.known else {"email": self.address}
        return _heading(self._send(f"/ask/{right}", form=form, **who))

    def confirm(self) -> str:
        """Open the link that came by mail, and press its button."""
        link = _link(text_of(self._letter("identity-link")), "/confirm/")
        page = self._send(link, form=self._form(link))
        self.known = True
        return _heading(page)

    def answer(self, right: str) -> EmailMessage:
        """The answer, once it has come."""
        return self._letter(f"answered-{right}")

    def fetch(self, letter: EmailMessage) -> zipfile.ZipFile:
        """The copy, by the link of the answer."""
        link = _link(text_of(letter), "/download/")
        return zipfile.ZipFile(io.BytesIO(self._raw(link, {"form": self._form(link)})))

    # -- mail --------------------------------------------------------------------------------

    def _letter(self, kind: str) -> EmailMessage:
        """The next letter of a kind that was not read yet."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for file in sorted(
                self.inbox.glob(f"*-{kind}.eml"), key=lambda file: int(file.name.partition("-")[0])
            ):
                if file.name not in self.read:
                    self.read.add(file.name)
                    found = message_from_bytes(file.read_bytes(), policy=policy.default)
                    assert isinstance(found, EmailMessage)
                    return found
            time.sleep(0.1)
        raise TimeoutError(f"no letter “{kind}” came within {_PATIENCE:.0f} seconds")

    # -- pages -------------------------------------------------------------------------------

    def _form(self, path: str) -> str:
        found = re.search(r'name="form" value="([0-9a-f]{64})"', self._raw(path).decode())
        assert found is not None
        return found[1]

    def _send(self, path: str, **said: str) -> str:
        return self._raw(path, said).decode()

    def _raw(self, path: str, said: dict[str, str] | None = None) -> bytes:
        data = urllib.parse.urlencode(said).encode() if said is not None else None
        request = urllib.request.Request(self.base + path, data=data, headers={"Accept-Language": "en"})
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())


def _heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else ""


def text_of(letter: EmailMessage) -> str:
    """The plain text of a letter."""
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _link(text: str, way: str) -> str:
    found = re.search(re.escape(way) + r"[\w-]+", text)
    assert found is not None
    return found[0]
