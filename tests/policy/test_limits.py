"""Documents as weapons: each limit is one clear sentence at its place, and comes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.errors import PolicyError
from servanda.policy import yamlfile

pytestmark = pytest.mark.unit

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 10)}]\n" for name in "bcdefghijkl"
)
WEAPONS = {
    "brackets": ("[" * 100_000, "levels"),
    "closed brackets": ("a: " + "[" * 100_000 + "]" * 100_000, "levels"),
    "keys": ("\n".join(" " * i + "a:" for i in range(2_000)), "levels"),
    "dashes": ("- " * 5_000 + "x", "levels"),
    "anchors": (BOMB, "values"),
    "a list in itself": ("a: &a [*a]", "levels"),
    "a number": ("a: " + "9" * 5_000, "digits"),
    "a fraction": ("a: 0." + "1" * 400, "digits"),
    "a tag": ("a: !!int x", "tag int"),
    "an object": ("a: !!python/object:os.system x", "not valid YAML"),
}


@pytest.mark.timeout(60)  # unfolded, these documents would take hours
@pytest.mark.parametrize("name", list(WEAPONS))
def test_a_document_that_is_made_to_hurt_is_refused_at_once(name: str) -> None:
    text, word = WEAPONS[name]
    with pytest.raises(PolicyError, match=word):
        yamlfile.parse(text, "policy.yaml")


def test_what_only_looks_deep_is_read() -> None:
    text = "a: '" + "[" * 500 + "'\nb: " + "[" * 20 + "]" * 20
    assert yamlfile.parse(text, "policy.yaml").data["a"] == "[" * 500


def test_a_file_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_bytes(b"# x\n" * (yamlfile.LARGEST // 4 + 1))
    with pytest.raises(PolicyError, match="more than 4 MB"):
        yamlfile.read(tmp_path / "policy.yaml")
