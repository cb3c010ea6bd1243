"""The JSON Schemas for editors accept what the program accepts, and refuse what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from servanda.cli import command
from servanda.policy import yamlfile

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.unit


def schema(kind: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, ["policy", "schema", kind])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


@pytest.mark.parametrize("kind", ["policy", "stores"])
@pytest.mark.parametrize("example", ["exograd", "ksaar", "sociatex", "xmserver", "xsior"])
def test_the_examples_fit_the_schemas(kind: str, example: str) -> None:
    jsonschema.validate(yamlfile.read(EXAMPLES / example / f"{kind}.yaml").data, schema(kind))


@pytest.mark.parametrize("kind", ["policy", "stores"])
def test_a_key_that_nobody_knows_is_underlined(kind: str) -> None:
    document = yamlfile.read(EXAMPLES / "exograd" / f"{kind}.yaml").data
    document["promisses"] = []
    with pytest.raises(jsonschema.ValidationError, match="promisses"):
        jsonschema.validate(document, schema(kind))
