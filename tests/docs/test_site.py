"""The site of the documentation: it is built without a warning, its links lead somewhere, it asks no other host."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tools import make_site

import documents
from servanda.rules import all_rules


@pytest.mark.unit
def test_every_page_of_the_repository_has_its_place() -> None:
    places = make_site.where()
    assert set(places) == {documents.name(page) for page in documents.pages()}
    assert len(set(places.values())) == len(places), "no two pages share a place"


@pytest.mark.unit
def test_links_follow_their_pages() -> None:
    places = make_site.where()
    text = "[a\nb](docs/reference/rules.md#what-a-rule-may-say) [b](LICENSE) [c](https://example.org) [d](#e) SV101"
    assert make_site.moved(text, "README.md", places) == (
        "[a\nb](reference/rules/index.md#what-a-rule-may-say) b [c](https://example.org) [d](#e)"
        " [SV101](reference/rules/SV101.md)"
    )
    text = "[a](../../SECURITY.md) [b](recover.md) `SV101` SV999\n\n```\nSV101 [a](b.md)\n```\n"
    assert make_site.moved(text, "docs/how-to/holds.md", places) == (
        "[a](../security.md) [b](recover.md) `SV101` SV999\n\n```\nSV101 [a](b.md)\n```\n"
    )


def test_the_site_is_whole(tmp_path: Path) -> None:
    site = tmp_path / "site"
    make_site.build(site)  # which fails at a warning
    pages = {path.resolve(): _Page(path) for path in site.rglob("*.html")}
    for place in make_site.where().values():
        assert (site / place).with_suffix(".html").is_file()
    for rule in all_rules():
        assert (site / "reference" / "rules" / f"{rule.code}.html").is_file()
    for path, page in pages.items():
        assert not page.fetched, f"{path.name} asks another host"
        for link in page.links:
            where = urlsplit(link)
            if where.scheme or path.name == "404.html":
                continue
            target = (path.parent / unquote(where.path)).resolve() if where.path else path
            assert target.exists(), f"{path.name}: {link} leads nowhere"
            if where.fragment and target in pages:
                assert unquote(where.fragment) in pages[target].anchors, (
                    f"{path.name}: {link} names no heading"
                )


class _Page(HTMLParser):
    """The links and anchors of a page, and what a browser would fetch from elsewhere to show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        url = said.get("src") or (said.get("href", "") if tag == "link" else "")
        if urlsplit(url).netloc:
            self.fetched.append(url)
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
