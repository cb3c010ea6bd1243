"""Reads the documents of this project: their commands, files, links and headings.

A page can be run. Its blocks marked ```console hold commands ("$ …", gone on with "> …")
and what they print; "…" stands there for what varies. Comments, which a reader does not
see, say the rest:

    <!-- setup: exograd -->     begin with the documents and the database of an example
    <!-- file: policy.yaml -->  the block that follows is a file of this name
    <!-- more: policy.yaml -->  it is more of this file, at its end
    <!-- exit: 3 -->            the last command of the next block ends with this code
    <!-- vary: numbers -->      numbers and digests in the next block stand for others of their kind
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^(`{3,})(\w*)\s*$")
_COMMENT = re.compile(r"^<!-- (setup|file|more|exit|vary): (.+?) -->$")


@dataclass(frozen=True)
class Setup:
    """The page begins with an example."""

    name: str


@dataclass(frozen=True)
class File:
    """The page gives the text of a file."""

    name: str
    text: str
    more: bool = False


@dataclass
class Command:
    """The page shows a command and what it prints."""

    line: int
    text: str
    prints: list[str] = field(default_factory=list)
    exit: int = 0
    vary: bool = False


Part = Setup | File | Command


def pages() -> list[Path]:
    """Every page of the documentation."""
    top = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    written = set((ROOT / "docs").rglob("*.md")) - set((ROOT / "docs" / "reference" / "rules").glob("*.md"))
    return [*top, *sorted(written)]


def name(page: Path) -> str:
    """The page as it is called in this project."""
    return page.relative_to(ROOT).as_posix()


def parts(page: Path) -> list[Part]:
    """What is to be done to run a page, in its order."""
    found: list[Part] = []
    said: dict[str, str] = {}
    for line, language, text in _blocks(page):
        if language == "comment":
            what, value = text.split("\n", 1)
            if what == "setup":
                found.append(Setup(value))
            said[what] = value
        elif "file" in said:
            found.append(File(said.pop("file"), text))
        elif "more" in said:
            found.append(File(said.pop("more"), text, more=True))
        elif language == "console":
            commands = list(_commands(line, text))
            commands[-1].exit = int(said.pop("exit", "0"))
            vary = said.pop("vary", "") == "numbers"
            for command in commands:
                command.vary = vary
            found += commands
    return found


def _blocks(page: Path) -> Iterator[tuple[int, str, str]]:
    """Fenced blocks with their language, and comments, each with its first line's number."""
    fence, language, begin = "", "", 0
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence:
            if line == fence:
                yield begin, language, "\n".join(inside) + "\n"
                fence, inside = "", []
            else:
                inside.append(line)
        elif match := _FENCE.match(line):
            fence, language, begin = match[1], match[2], number
        elif match := _COMMENT.match(line):
            yield number, "comment", f"{match[1]}\n{match[2]}"


def _commands(begin: int, text: str) -> Iterator[Command]:
    current: Command | None = None
    for number, line in enumerate(text.splitlines(), begin + 1):
        if line.startswith("$ "):
            if current is not None:
                yield current
            current = Command(number, line[2:])
        elif current is None:
            raise AssertionError(f"line {number}: a console block begins with “$ ”")
        elif line.startswith("> ") or line == ">":
            current.text += "\n" + line[2:]
        else:
            current.prints.append(line)
    assert current is not None, f"line {begin}: an empty console block"
    yield current


def pattern(lines: list[str], *, vary: bool = False) -> re.Pattern[str]:
    """What a command must print: "…" is anything on its line, and alone on a line any lines.

    Columns are as wide as what varies in them, so a run of blanks matches any other. With
    `vary` a number matches any number, and a digest any digest.
    """
    found = []
    for line in lines:
        if line.strip() == "…":
            found.append(r"(?:.*\n)*?")
            continue
        digests = re.split(r"[0-9a-f]{4}…[0-9a-f]{4}", line.rstrip()) if vary else [line.rstrip()]
        said = [r"[^\n]*?".join(_literal(p, vary) for p in part.split("…")) for part in digests]
        found.append("[0-9a-f]{4}…[0-9a-f]{4}".join(said) + r" *\n")
    return re.compile("".join(found))


def _literal(text: str, vary: bool) -> str:
    pieces = re.split(r"( {2,}|\d+(?: \d{3})*)", text) if vary else re.split("( {2,})", text)
    number = r"\d+(?: \d{3})*"
    return "".join(
        re.escape(piece) if i % 2 == 0 else " +" if piece.isspace() else number
        for i, piece in enumerate(pieces)
    )


def links(page: Path) -> list[str]:
    """The relative links of a page."""
    text = re.sub(r"`{3,}.*?`{3,}", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    text = re.sub(r"^`{3,}.*?^`{3,}", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def sections(page: Path) -> dict[str, str]:
    """The text under each heading, up to the next one."""
    text = page.read_text(encoding="utf-8")
    pieces = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {head.strip("` "): body for head, body in zip(pieces[1::2], pieces[2::2], strict=True)}
