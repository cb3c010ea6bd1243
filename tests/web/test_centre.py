"""The privacy centre as a visitor without scripts meets it."""

from __future__ import annotations

import re
import socket
import time
import urllib.parse
from datetime import timedelta
from threading import Event

import pytest

from servanda.locale import LANGUAGES
from servanda.rights.record.links import MOST
from servanda.rights.right import listed
from servanda.worker.worker import Worker
from served import Served


def test_a_visitor_asks_and_proves_it_and_sees_how_it_stands(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    sent = visitor.post("/ask/access", email="lea@example.org", words="Merci", form=form.form)
    assert sent.status == 200
    assert "lea@example.org" in sent.text
    assert [kind for kind, _ in served.letters()] == ["receipt-acknowledged", "identity-link"]
    link = f"/confirm/{served.token()}"
    page = visitor.get(link)
    assert "Confirmez-vous cette demande" in page.text
    assert served.requests.find(1).state == "received", "mail programs open links; a button confirms"
    state = visitor.post(link, form=page.form)
    assert urllib.parse.urlsplit(state.url).path == "/request"
    assert "Confirmée" in state.text
    assert served.requests.find(1).state == "proved"
    assert served.requests.secret(1, "test").says == "Merci"
    assert "Confirmée" in visitor.get("/request").text
    assert visitor.get(link).status == 410, "a link is good for once"
    assert served.visitor().get("/request").status == 410, "nobody else sees it"


def test_the_cookie_of_a_request_ends_and_cannot_be_made(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    visitor.post("/ask/access", email="lea@example.org", form=form.form)
    link = f"/confirm/{served.token()}"
    visitor.post(link, form=visitor.get(link).form)
    now = served.project.now
    served.project.clock = lambda: now + timedelta(hours=1, seconds=1)
    assert visitor.get("/request").status == 410
    served.project.clock = lambda: now
    assert visitor.get("/request").status == 200
    for cookie in visitor.jar:
        if cookie.name == "servanda-request" and cookie.value:
            middle = len(cookie.value) // 2
            other = "A" if cookie.value[middle] != "A" else "B"
            cookie.value = cookie.value[:middle] + other + cookie.value[middle + 1 :]
    assert visitor.get("/request").status == 410


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_language_of_its_reader(served: Served, language: str) -> None:
    visitor = served.visitor(f"de;q=0.9, {language};q=0.8")
    for path in ("/", "/rights", "/policy", "/ask/erasure", "/ask/rectification", "/nowhere"):
        page = visitor.get(path)
        assert f'<html lang="{language}">' in page.text, path
        assert page.headers["content-language"] == language
    other = next(one for one in LANGUAGES if one != language)
    assert f'<html lang="{other}">' in visitor.get(f"/?lang={other}").text
    assert f'<html lang="{other}">' in visitor.get("/").text, "the choice is remembered"


def test_the_front_page_says_how_long_and_who_receives(served: Served) -> None:
    text = served.visitor().get("/").text
    assert "1 an" in text
    assert "10 ans" in text
    assert "Mailchimp" in text or "mailchimp" in text
    assert "30 jours" in text


def test_an_address_that_is_none_is_told_and_nothing_is_lost(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/rectification")
    page = visitor.post("/ask/rectification", email="lea at example", words="mon <nom>", form=form.form)
    assert page.status == 422
    assert 'aria-invalid="true"' in page.text
    assert "mon &lt;nom&gt;" in page.text, "what was written is still there, as text"
    assert 'value="lea at example"' in page.text
    assert served.requests.all() == []


def test_a_correction_needs_words(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/rectification")
    assert visitor.post("/ask/rectification", email="lea@example.org", form=form.form).status == 422


def test_another_site_cannot_send_our_forms(served: Served) -> None:
    visitor, other = served.visitor(), served.visitor()
    theirs = other.get("/ask/access").form
    visitor.get("/ask/access")
    assert visitor.post("/ask/access", email="lea@example.org", form=theirs).status == 403
    assert visitor.post("/ask/access", email="lea@example.org").status == 403
    assert served.visitor().post("/ask/access", email="lea@example.org", form="0" * 64).status == 403
    assert served.requests.all() == []


def test_the_same_page_answers_whoever_is_asked_about(served: Served) -> None:
    pages = []
    for address in ("known@example.org", "unknown@example.org"):
        visitor = served.visitor()
        form = visitor.get("/ask/access")
        page = visitor.post("/ask/access", email=address, form=form.form)
        pages.append(page.text.replace(address, "…"))
    assert pages[0] == pages[1]


def test_too_many_requests_are_turned_away_in_plain_words(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    tried = [
        visitor.post("/ask/access", email="lea@example.org", form=form.form).status
        for _ in range(MOST["address"] + 2)
    ]
    assert tried == [200] * MOST["address"] + [429, 429]
    assert len(served.requests.all()) == MOST["address"]


def test_no_page_loads_or_tells_anything_elsewhere(served: Served) -> None:
    visitor = served.visitor()
    for path in (
        "/",
        "/rights",
        "/policy",
        *(f"/ask/{name}" for name in [found.name for found in listed()]),
        "/confirm/x",
        "/nowhere",
    ):
        page = visitor.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe-inline'" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert not re.findall(r'(?:src|action)="https?:', page.text), path
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert "server" not in page.headers or "uvicorn" not in page.headers["server"].lower()


def test_bodies_have_an_end(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    assert visitor.post("/ask/access", email="a" * 70_000, form=form.form).status == 413
    host, port = served.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        head = b"POST /ask/access HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        plain.sendall(head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
        for _ in range(40):
            try:
                plain.sendall(b"1000\r\n" + b"a" * 4096 + b"\r\n")
            except OSError:
                break
        assert plain.recv(64).startswith(b"HTTP/1.1 413")
    assert served.requests.all() == []


@pytest.mark.parametrize(
    "path", ["/ask/nothing", "/confirm/", "/..%2f..%2fetc/passwd", "/static/../policy.yaml", "/x" * 200]
)
def test_pages_that_are_not_there(served: Served, path: str) -> None:
    page = served.visitor().get(path)
    assert page.status in (404, 410)
    assert "root:" not in page.text


def test_a_fault_of_ours_shows_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret of lea@example.org")

    monkeypatch.setattr("servanda.rights.record.requests.Requests.open", fail)
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    page = visitor.post("/ask/access", email="lea@example.org", form=form.form)
    assert page.status == 500
    assert "secret" not in page.text
    assert "rien n’a été perdu" in page.text


def test_only_a_worker_beside_the_centre_says_that_it_is_served(served: Served) -> None:
    worker, stop = Worker(served.project), Event()
    worker.round()
    assert served.project.database.setting("served-at") is None, "apply --due runs a round, too"
    thread = worker.start(stop)
    until = time.monotonic() + 60
    while served.project.database.setting("served-at") is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    stop.set()
    thread.join(20)


def test_one_address_is_one_however_it_is_written(served: Served) -> None:
    visitor = served.visitor()
    form = visitor.get("/ask/access").form
    words = [
        "ada@example.org",
        "Ada@example.org",
        "ADA@EXAMPLE.ORG",
        "  ada@example.org",
        "ada@example.org ",
        "aDa@example.org",
    ]
    statuses = [visitor.post("/ask/access", email=word, form=form).status for word in words]
    assert statuses == [200] * MOST["address"] + [429]


def test_every_page_can_be_asked_for_its_headers(served: Served) -> None:
    import urllib.request

    for path in ("/", "/rights", "/policy", "/ask/access", "/healthy"):
        with urllib.request.urlopen(
            urllib.request.Request(served.base + path, method="HEAD"), timeout=20
        ) as answer:
            assert (answer.status, answer.read()) == (200, b"")


async def _asked(served: Served, scheme: str, cookie: str = "") -> dict[str, list[str]]:
    """The headers of the front page, as a server with or without TLS passes the request on."""
    from servanda.web.centre.app import create

    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": scheme,
        "path": "/", "raw_path": b"/", "query_string": b"", "root_path": "",
        "server": ("centre.example", 443), "client": ("192.0.2.1", 1),
        "headers": [(b"host", b"centre.example"), (b"cookie", cookie.encode())],
    }  # fmt: skip
    await create(served.project)(scope, receive, send)  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for name, value in sent[0]["headers"]:  # type: ignore[attr-defined]
        found.setdefault(name.decode().lower(), []).append(value.decode())
    return found


def test_over_https_browsers_stay_there_and_no_neighbour_sets_a_cookie(served: Served) -> None:
    import asyncio

    plain, secure = (asyncio.run(_asked(served, scheme)) for scheme in ("http", "https"))
    assert "strict-transport-security" not in plain
    assert secure["strict-transport-security"] == ["max-age=31536000"]
    (cookie,) = secure["set-cookie"]
    assert cookie.startswith("__Host-servanda-form=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    value = cookie.partition(";")[0]
    assert "set-cookie" not in asyncio.run(_asked(served, "https", value)), "it is recognised"
    assert "set-cookie" in asyncio.run(_asked(served, "https", value.removeprefix("__Host-")))


def test_no_page_names_an_officer_whom_nobody_declared(served: Served) -> None:
    policy = served.project.folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert "dpo:" not in text
    for path in ("/", "/rights"):
        assert "data protection officer" not in served.visitor("en").get(path).text
    policy.write_text(text + "\ndpo: {name: Dora, email: dora@example.net}\n", encoding="utf-8")
    assert "data protection officer: dora@example.net" in served.visitor("en").get("/").text
