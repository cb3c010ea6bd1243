"""What the tests of rules have in common."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from judging import Ask, judge


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    return partial(judge, tmp_path)
