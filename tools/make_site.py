"""Builds the site of the documentation: `make docs`, or `python tools/make_site.py FOLDER`.

The pages are gathered in a folder of their own first. README.md becomes the first page, what lies in
docs/ follows, and the manuals of the rules are written from the program. Links are changed to match:

- a link to another page leads to where this page stands on the site;
- a link to anything that is no page, such as LICENSE, becomes plain text;
- the code of a rule, such as SV101, becomes a link to its manual.

Zensical then builds the site, and fails where a link leads to no page or to no heading.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from servanda.rules.engine.manual import markdown
from servanda.rules.engine.pages import by_room, index, page_name

ROOT = Path(__file__).resolve().parents[1]
LAYOUT = ROOT / "docs" / "site.toml"
RULES = "docs/reference/rules.md"
DECISIONS = "docs/decisions/README.md"
_RULES_FOLDER = PurePosixPath("reference/rules")
_FENCED = re.compile(r"(^`{3,}.*?^`{3,}\s*$)", re.DOTALL | re.MULTILINE)
_PARTS = re.compile(
    r"(?P<code>`[^`\n]+`)|\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#]*)(?P<anchor>#[^)\s]*)?\)|\b(?P<rule>SV\d{3})\b"
)


def where() -> dict[str, PurePosixPath]:
    """Every written page, by its path in the repository, with its place on the site."""
    pages = tomllib.loads(LAYOUT.read_text(encoding="utf-8"))["pages"]
    found = {path: _place(path) for paths in pages.values() for path in paths}
    found |= {path: _place(path) for paths in decisions().values() for path in paths}
    return found


def _place(path: str) -> PurePosixPath:
    if path == RULES:
        return _RULES_FOLDER / "index.md"
    if path.startswith("docs/"):
        place = PurePosixPath(path).relative_to("docs")
        return place.with_name("index.md") if place.name == "README.md" else place
    return PurePosixPath("index.md" if path == "README.md" else path.lower())


def decisions() -> dict[str, list[str]]:
    """The decisions under each heading of their index, by their paths in the repository."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / DECISIONS).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = found.setdefault(line.removeprefix("## "), [])
        elif found:
            group += [f"docs/decisions/{name}" for name in re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", line)]
    return found


def gather(out: Path) -> None:
    """Write the pages of the site into a folder, as Markdown."""
    places = where()
    for path, place in places.items():
        text = moved((ROOT / path).read_text(encoding="utf-8"), path, places)
        if path == RULES:
            text = f"{text}\n{index()}"
        _write(out / place, text)
    for rules in by_room().values():
        for rule in rules:
            _write(out / _RULES_FOLDER / page_name(rule), markdown(rule))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def moved(text: str, path: str, places: dict[str, PurePosixPath]) -> str:
    """The text of a page with its links as the site needs them; blocks of code stay as they are."""
    folder = places[path].parent
    codes = {rule.code for rules in by_room().values() for rule in rules}

    def link(match: re.Match[str]) -> str:
        if match["code"] or (match["rule"] and match["rule"] not in codes):
            return match[0]
        if match["rule"]:
            return f"[{match['rule']}]({_relative(_RULES_FOLDER / match['rule'], folder)}.md)"
        if not match["path"] or ":" in match["path"]:
            return match[0]
        target = (ROOT / path).parent.joinpath(match["path"]).resolve().relative_to(ROOT).as_posix()
        if target not in places:
            return match["text"]
        return f"[{match['text']}]({_relative(places[target], folder)}{match['anchor'] or ''})"

    pieces = _FENCED.split(text)
    return "".join(piece if i % 2 else _PARTS.sub(link, piece) for i, piece in enumerate(pieces))


def _relative(target: PurePosixPath, folder: PurePosixPath) -> str:
    return PurePosixPath(os.path.relpath(target, folder)).as_posix()


def navigation() -> list[Any]:
    """The pages in their order, as Zensical wants them."""
    layout = tomllib.loads(LAYOUT.read_text(encoding="utf-8"))["pages"]
    groups: dict[str, list[Any]] = {
        title: [str(_place(path)) for path in paths] for title, paths in layout.items()
    }
    groups["Rules"] += [
        {room.capitalize(): [str(_RULES_FOLDER / page_name(rule)) for rule in rules]}
        for room, rules in by_room().items()
    ]
    groups["Decisions"] += [
        {title: [str(_place(path)) for path in paths]} for title, paths in decisions().items()
    ]
    return [*groups.pop("first"), *({title: pages} for title, pages in groups.items())]


def configuration() -> str:
    """The layout as Zensical reads it, with the navigation added."""
    head, _, rest = LAYOUT.read_text(encoding="utf-8").partition("[project]\n")
    settings = rest.partition("[pages]\n")[0]
    nav = json.dumps(navigation(), ensure_ascii=False, separators=(",", " = "))
    return f'{head}[project]\ndocs_dir = "pages"\nsite_dir = "site"\nnav = {nav}\n{settings}'


def build(out: Path) -> None:
    """Build the site into a folder, which is made anew. Raises CalledProcessError where Zensical warns."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        gather(work / "pages")
        (work / "zensical.toml").write_text(configuration(), encoding="utf-8")
        zensical = Path(sys.executable).with_name("zensical")
        subprocess.run([zensical, "build", "--strict"], cwd=work, check=True)
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(work / "site", out)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/make_site.py FOLDER")
    try:
        build(Path(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
