"""`make demo`: Exograd's promises, kept on an embedded SQLite database, step by step.

It works in .demo/, beside this project's files, or in the folder given; it begins anew each time.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from examples.exograd.generate import build  # noqa: E402
from examples.visitor import Visitor, text_of  # noqa: E402

DEMO = Path(sys.argv[1]) if __name__ == "__main__" and sys.argv[1:] else ROOT / ".demo"
FOLDER = DEMO / "exograd"

CLIENT = "helene.uvrard.306@example.net"
HOLD = "hold place --kind litigation --person app.accounts=42 --author legal"
REVIEW = f"{date.today().year + 1}-06-30"

STEPS: list[tuple[str, list[str]]] = [
    (
        "First the keys: they sign the evidence and lie outside the project.",
        ["keys", "init"],
    ),
    (
        "Does the policy fit the law of its own words, and the database the policy?",
        ["check"],
    ),
    (
        "Client 42 went to court. From now on nothing of theirs may end, whatever is due.",
        [*HOLD.split(), "--case", "TJ Paris 26/01234", "--reason", "contract dispute", "--review", REVIEW],
    ),
    (
        "What did we promise that is overdue? Counted, with the promise and its line; nothing is changed.",
        ["plan"],
    ),
    (
        "Carry it out: page by page, each page proved.",
        ["apply", "--yes"],
    ),
    (
        "Planned again: nothing is due, the invoices stay with their legal ground, the hold is respected.",
        ["plan"],
    ),
    (
        "How does each promise stand? The text breaks some of its own; what nobody can keep or compare yet is said.",
        ["promises"],
    ),
    (
        "And is the evidence whole? Every entry, every hash, every signature.",
        ["ledger", "verify"],
    ),
]


def say(text: str) -> None:
    """Print a sentence of the demo, apart from what the commands print."""
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(f"\n\x1b[1m{text}\x1b[0m" if bold else f"\n{text}", flush=True)


def servanda(arguments: list[str]) -> int:
    """Run a command as a person would, and show it."""
    shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
    print(f"$ servanda {shown}", flush=True)
    command = [sys.executable, "-m", "servanda", "-C", str(FOLDER), *arguments]
    return subprocess.run(command, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """What the commands of the demo run with: keys of its own, the database in its folder."""
    found = os.environ | {"SERVANDA_VAULT": str(DEMO / "keys")}
    found.pop("EXOGRAD_DATABASE_URL", None)
    return found


@contextmanager
def served() -> Iterator[str]:
    """The privacy centre, running; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "servanda", "-C", str(FOLDER), "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{base}/healthy", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def visit(address: str) -> None:
    """Somebody asks for their data at the centre, then to be forgotten, and gets both."""
    with served() as base:
        visitor = Visitor(base, address, FOLDER / "outbox")
        print(f"The form says: {visitor.ask('access')}. The link that came by mail: {visitor.confirm()}.")
        letter = visitor.answer("access")
        names = sorted(visitor.fetch(letter).namelist())
        print(f"“{letter['Subject']}” came, with a link to {len(names)} files: {', '.join(names[:4])}, …")
        print(
            f"And to be forgotten; who followed a link need prove nothing more: {visitor.ask('erasure')}.\n"
        )
        print(textwrap.indent(text_of(visitor.answer("erasure")).strip(), "    "))


def main() -> int:
    """Make Exograd's database and keep its promises."""
    shutil.rmtree(DEMO, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("policy.yaml", "stores.yaml"):
        shutil.copy(ROOT / "examples" / "exograd" / name, FOLDER)
    say("Exograd is a small French software company. Its policy promises: visits are kept one year,")
    print("a client's data three years after the account is closed, and what the law asks for longer.")
    rows = build(f"sqlite:///{FOLDER / 'exograd.db'}", date.today())
    print(
        f"Its database was made for today: {sum(rows.values()):,} rows in {len(rows)} tables.".replace(
            ",", " "
        )
    )
    for sentence, arguments in STEPS:
        say(sentence)
        code = servanda(arguments)
        if code not in ({0, 1} if arguments in (["check"], ["promises"]) else {0}):
            print(f"This step ended with {code}.", file=sys.stderr)
            return code
    say(
        "A client asks for their data at the privacy centre, and then to be forgotten. Nobody lifts a finger."
    )
    visit(CLIENT)
    say("How do the promises on rights stand now?")
    servanda(["request", "rehearse"])
    servanda(["request", "list", "--all"])
    say("Look around: the documents and the database are in .demo/exograd.")
    print("Read on in docs/tutorial.md, with your own database: servanda init URL")
    print("The privacy centre: make centre, then open http://127.0.0.1:8420/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
