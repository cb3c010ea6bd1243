"""Mutation testing: looks which changes of what decides and what proves the tests notice.

    make mutants                      500 changes, drawn with seed 1
    make mutants SEED=2 MUTANTS=50

mutmut changes one expression at a time and runs the tests that reach it, in memory and on SQLite, the quickest first.
A change is noticed if a test fails, if it takes far too long, or if mypy refuses it, as `make check` would. Everything
is done in a copy of the committed files, in .mutants. The result is written to bench/mutants.md: the score, and each
change that nobody noticed. Fails if fewer than 90 % are noticed.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".mutants"
COPY = PLACE / "project"
OUT = ROOT / "bench" / "mutants.md"
GOAL = 90
WHAT = ("plan/*", "apply/*", "ledger/*", "persons/*", "law/retention.py", "stores/sql/*")
TESTS = ("model", "persons", "apply", "ledger", "law", "stores", "rights", "plan", "promises")
NOTICED = {1: "a test fails", 3: "a test fails", 36: "too slow", 24: "too slow", 152: "too slow", 37: "mypy"}
ALIVE = {0: "no test fails", 33: "no test reaches it"}
SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {what}
also_copy = ["examples", "docs", "bench", "tools", "README.md", "CHANGELOG.md", "Makefile"]
type_check_command = ["mypy", "--output", "json", "src"]
process_isolation = "forkserver"
pytest_add_cli_args = ["-m", "not soak", "-n0", "-p", "no:cacheprovider", "-p", "quickest_first", "-k", "{which}"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 2.0
timeout_constant = 20.0
track_dependencies = false
use_git_change_detection = false
"""
WHICH = "not postgres and not mariadb and not browser and not killed"
QUICKEST_FIRST = '''"""Runs the tests in the order of how long they took, so that a change is noticed soon."""

import json
from pathlib import Path

TOOK = Path("mutmut-stats.json")


def pytest_collection_modifyitems(items):
    took = json.loads(TOOK.read_text())["duration_by_test"] if TOOK.exists() else {}
    items.sort(key=lambda item: took.get(item.nodeid, 0.0))
'''


def main(count: int, seed: int) -> int:
    """Draw `count` changes, try them, write down what came out; 1 if too few were noticed."""
    _copy()
    _mutmut("servanda.apply.pace.*")  # makes all changes, and learns which tests reach what
    results = _results()
    drawn = sorted(random.Random(seed).sample(sorted(results), min(count, len(results))))
    _mutmut(*drawn)
    results = _results()
    codes = {name: results[name] for name in drawn}
    alive = [name for name, code in codes.items() if code not in NOTICED]
    score = 100 * (1 - len(alive) / len(drawn))
    OUT.write_text("\n".join(_report(codes, len(results), score, seed)) + "\n", encoding="utf-8")
    print(
        f"{score:.1f} % of {len(drawn)} changes were noticed (at least {GOAL} %); see {OUT.relative_to(ROOT)}"
    )
    return int(score < GOAL)


def _copy() -> None:
    """The committed files as they are in the folder now, without what an earlier run made of others."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    for name in listed.stdout.splitlines():
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name, follow_symlinks=False)
    settings = SETTINGS.format(
        what=json.dumps([f"src/servanda/{part}" for part in WHAT]),
        tests=json.dumps([f"tests/{part}" for part in TESTS if (ROOT / "tests" / part).is_dir()]),
        which=WHICH,
    )
    with (COPY / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(settings)
    (PLACE / "quickest_first.py").write_text(QUICKEST_FIRST, encoding="utf-8")


def _mutmut(*names: str) -> None:
    """Run mutmut in the copy; processes that tests start see the changed package, too."""
    paths = (COPY / "mutants" / "src", COPY / "mutants" / "tests", PLACE)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SERVANDA_FACTS": os.environ.get("SERVANDA_FACTS", str(ROOT.parent / "shared")),
    }
    subprocess.run([sys.executable, "-m", "mutmut", "run", *names], cwd=COPY, env=environment, check=True)


def _results() -> dict[str, int | None]:
    """The exit code of each change by its name; None if it was not tried."""
    found: dict[str, int | None] = {}
    for file in sorted((COPY / "mutants").rglob("*.meta")):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def _report(codes: dict[str, int | None], made: int, score: float, seed: int) -> Iterator[str]:
    yield "# The last mutation test"
    yield ""
    yield f"{date.today()}, Python {platform.python_version()}: of {made} changes, {len(codes)} were drawn with"
    yield f"seed {seed}. **{score:.1f} % were noticed** (at least {GOAL} %). `make mutants` writes this."
    yield ""
    counts = Counter(NOTICED.get(code) or ALIVE.get(code) or f"exit code {code}" for code in codes.values())  # type: ignore[arg-type]
    for what, number in counts.most_common():
        yield f"- {what}: {number}"
    yield ""
    yield "## What nobody noticed"
    yield ""
    for name, code in codes.items():
        if code not in NOTICED:
            yield f"### `{name}`" + (" (no test reaches it)" if code == 33 else "")
            yield ""
            yield from ("```diff", *_diff(name), "```", "")


def _diff(name: str) -> list[str]:
    """The lines that a change takes away and puts in."""
    command = [sys.executable, "-m", "mutmut", "show", name]
    shown = subprocess.run(command, cwd=COPY, check=True, capture_output=True, text=True).stdout
    return [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("MUTANTS") or 500), int(os.environ.get("SEED") or 1)))
