"""Identity documents: sealed until they are checked, then destroyed.

They are never required by default. Each is a separate file under a separate key. After the check the key is
destroyed first, so that no copy of the file can be read.

Law: GDPR 12(6) and 5(1)(c), (e); EDPB Guidelines 01/2022, §73 to 79: no copy is kept after the check.
"""

from __future__ import annotations

import os

from servanda.errors import Refused, ServandaError
from servanda.project import Project
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests

LARGEST = 10 * 1024 * 1024
"""Bytes of a document."""


class IdentityDocuments:
    """The documents that wait for their check."""

    def __init__(self, project: Project) -> None:
        self._folder, self._vault = project.folder / "papers", project.vault

    def keep(self, requests: Requests, number: int, content: bytes) -> Request:
        """Seal a document of a request until it is checked.

        Raises Refused if it is empty or too large, or if the request is not waiting for one.
        """
        if not 0 < len(content) <= LARGEST:
            raise Refused(
                f"a document has 1 byte to {LARGEST // 1024**2} MB; this one has {len(content)} bytes"
            )
        key_id = self._vault.new_key()
        found = requests.record(number, "document", facts={"key": key_id})
        self._folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._folder / key_id, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(self._vault.seal(key_id, content))
        return found

    def look(self, request: Request) -> bytes:
        """The content of the document of a request. Raises ServandaError if there is none."""
        document = request.last("document")
        path = self._folder / str(document.facts["key"]) if document is not None else None
        if path is None or not path.exists() or not self._vault.has(path.name):
            raise ServandaError(f"request {request.number} has no document; it is destroyed after its check")
        return self._vault.open_sealed(path.name, path.read_text())

    def destroy(self, request: Request) -> int:
        """Destroy the documents of a request, keys first. Returns the number of documents."""
        done = 0
        for happening in request.happenings:
            if happening.kind == "document":
                done += self._vault.destroy(str(happening.facts["key"]))
                (self._folder / str(happening.facts["key"])).unlink(missing_ok=True)
        return done

    def sweep(self, requests: Requests) -> int:
        """Destroy the documents of requests whose check is over. Returns the number of documents."""
        over = (r for r in requests.all() if r.state != "asked")
        return sum(self.destroy(request) for request in over)
