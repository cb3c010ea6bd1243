"""`make demo`: Exograd's promises, kept on an embedded SQLite database, step by step.

It works in .demo/, beside this project's files, and begins anew each time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from examples.exograd.generate import build  # noqa: E402

DEMO = ROOT / ".demo"
FOLDER = DEMO / "exograd"

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
    environment = os.environ | {"SERVANDA_VAULT": str(DEMO / "keys")}
    environment.pop("EXOGRAD_DATABASE_URL", None)
    return subprocess.run(command, env=environment, check=False).returncode


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
    say("Look around: the documents and the database are in .demo/exograd.")
    print("Read on in docs/tutorial.md, with your own database: servanda init URL")
    return 0


if __name__ == "__main__":
    sys.exit(main())
