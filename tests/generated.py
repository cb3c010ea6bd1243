"""Databases of the examples: made once a worker for each day, and copied, since making one takes seconds."""

from __future__ import annotations

import atexit
import importlib
import shutil
import tempfile
from datetime import date
from functools import cache
from pathlib import Path


def build(example: str, url: str, day: date, *scale: int) -> None:
    """Make the database of an example as on a day, at the URL; of SQLite by copying one, and the logs beside."""
    if url.startswith("sqlite:///"):
        made, database = _made(example, day, *scale), Path(url.removeprefix("sqlite:///"))
        shutil.copy(made, database)
        if (logs := made.parent / "logs").is_dir():
            shutil.rmtree(database.parent / "logs", ignore_errors=True)
            shutil.copytree(logs, database.parent / "logs")
    else:
        importlib.import_module(f"examples.{example}.generate").build(url, day, *scale)


@cache
def _made(example: str, day: date, *scale: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="servanda-example-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    importlib.import_module(f"examples.{example}.generate").build(f"sqlite:///{folder}/made.db", day, *scale)
    return folder / "made.db"
