"""A thousand requests within a minute, and bodies of ten megabytes: everybody is answered, nobody learns anything."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import pytest

from servanda.rights.record.links import MOST
from served import Served

MANY, AT_ONCE = 1_000, 8
TEN_MEGABYTES = 10 * 1024 * 1024


def test_a_thousand_requests_within_a_minute(served: Served) -> None:
    form = served.visitor()
    token = form.get("/ask/access").form
    cookies = "; ".join(f"{c.name}={c.value}" for c in form.jar)
    place, seen, lock = urlsplit(served.base), Counter[int](), threading.Lock()

    def ask(first: int) -> None:
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        for number in range(first, MANY, AT_ONCE):
            said = urlencode({"email": f"p{number % 400}@example.org", "form": token})
            line.request("POST", "/ask/access", said, headers)
            answer = line.getresponse()
            answer.read()
            with lock:
                seen[answer.status] += 1
        line.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {200: MOST["source"], 429: MANY - MOST["source"]}
    assert len(served.requests.all()) == MOST["source"]
    assert served.visitor().get("/").status == 200
    assert served.project.ledger.verify().ok


@pytest.mark.parametrize("path", ["/ask/access", "/mine", "/enter", "/confirm/x", "/download/x", "/leave"])
def test_ten_megabytes_are_turned_away(served: Served, path: str) -> None:
    place = urlsplit(served.base)
    for headers in ({"Content-Length": str(TEN_MEGABYTES)}, {"Transfer-Encoding": "chunked"}):
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        line.putrequest("POST", path)
        for name, value in {"Content-Type": "application/x-www-form-urlencoded", **headers}.items():
            line.putheader(name, value)
        line.endheaders()
        chunk = b"a" * 65_536
        with suppress(OSError, http.client.HTTPException):  # it may hang up while we are still talking
            for _ in range(TEN_MEGABYTES // len(chunk)):
                line.send(b"%x\r\n%s\r\n" % (len(chunk), chunk) if "Transfer-Encoding" in headers else chunk)
            assert line.getresponse().status == 413
        line.close()
    assert served.visitor().get("/").status == 200
