"""Parses a YAML file with the line and column of each value.

Errors can then point at file, line and column. The dialect is the core schema of YAML 1.2:
`no` is a country, `on` is a word and a date is text. A duplicate key is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from servanda.errors import PolicyError, Problem, Spot

KeyPath = tuple[str | int, ...]
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.2 core schema: null, booleans, numbers; everything else is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("null", r"^(~|null|)$", "~n")
_Loader.yaml_implicit_resolvers.setdefault("", []).append(("tag:yaml.org,2002:null", re.compile("^$")))
_resolve("bool", r"^(true|false)$", "tf")
_resolve("int", r"^-?(0|[1-9][0-9]*)$", "-0123456789")
_resolve("float", r"^-?(0|[1-9][0-9]*)\.[0-9]+$", "-0123456789")


@dataclass(slots=True)
class Source:
    """A YAML file as plain values, with the spot of each key and value.

    `keys` and `values` map a path, such as ("promises", 3, "line"), to (line, column).
    """

    name: str
    text: str
    data: Any = None
    keys: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    values: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def spot(self, path: KeyPath, *, key: bool = False) -> Spot:
        """The spot of `path`, or of its nearest existing ancestor."""
        existing: KeyPath = ()
        for part in path:  # parts that name a kind of model, not a key of the file, are stepped over
            if (*existing, part) in self.values:
                existing = (*existing, part)
        line, column = (self.keys if key else self.values).get(existing) or self.values.get(existing, (1, 1))
        return Spot(self.name, line, column)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty if it does not exist."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


def _problem(name: str, mark: Any, message: str, advice: str = "") -> PolicyError:
    at = Spot(name, mark.line + 1, mark.column + 1) if mark else Spot(name)
    return PolicyError([Problem(at, message, advice)])


def read(path: Path, name: str = "") -> Source:
    """Read and parse a file. Raises PolicyError if it is missing, unreadable or not YAML."""
    display_name = name or path.name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PolicyError(
            [Problem(Spot(display_name), "there is no such file", "write one with: servanda init URL")]
        ) from None
    except OSError as error:
        raise PolicyError([Problem(Spot(display_name), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise PolicyError(
            [Problem(Spot(display_name), "cannot be read as UTF-8", "save it as UTF-8 text")]
        ) from None
    return parse(text, display_name)


def parse(text: str, name: str) -> Source:
    """Parse YAML text. Raises PolicyError with the spot of the first error."""
    source = Source(name, text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            source.data = _value(loader, node, source, ())
    except yaml.MarkedYAMLError as error:
        reason = error.problem or "not valid YAML"
        raise _problem(
            name, error.problem_mark, f"not valid YAML: {reason}", "check the indentation and the quotes"
        ) from None
    except yaml.YAMLError as error:
        raise PolicyError([Problem(Spot(name), f"not valid YAML: {error}")]) from None
    finally:
        loader.dispose()
    return source


def _value(loader: Any, node: yaml.Node, source: Source, path: KeyPath) -> Any:
    source.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, source, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, source, (*path, i)) for i, item in enumerate(node.value)]
    return loader.construct_object(node)


def _mapping(loader: Any, node: yaml.MappingNode, source: Source, path: KeyPath) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise _problem(source.name, key_node.start_mark, f"the key {key!r} is not text", f'write "{key}"')
        if key in result:
            raise _problem(source.name, key_node.start_mark, f"“{key}” is given twice", "keep one of the two")
        source.keys[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        result[key] = _value(loader, value_node, source, (*path, key))
    return result
