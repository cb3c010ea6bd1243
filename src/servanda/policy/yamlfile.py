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
LARGEST = 4 * 1024 * 1024
"""Bytes of a document."""
DEEPEST = 64
"""How many levels of lists and keys may stand inside each other."""
MOST_VALUES = 250_000
"""Values of a document, each alias (*name) counted as often as what it stands for."""
LONGEST_NUMBER = 15
"""Digits of a number."""
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
        if path.stat().st_size > LARGEST:
            message = f"it has more than {LARGEST // 1024**2} MB"
            raise PolicyError(
                [Problem(Spot(display_name), message, "a document is written by hand; split it")]
            )
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
    _refuse_deep(name, text)
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
        reason = str(error).splitlines()[0][:200]
        raise PolicyError([Problem(Spot(name), f"not valid YAML: {reason}")]) from None
    finally:
        loader.dispose()
    return source


_BRACKET = re.compile(r"[\[\]{}]")
_LEVELS = re.compile(r"^(?: +|[-?] +)*[-?]?", re.MULTILINE)


def _refuse_deep(name: str, text: str) -> None:
    """Raise PolicyError where a text is nested too deeply, before the parser calls itself as often."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    levels = max((m[0].count("-") + m[0].count("?") for m in _LEVELS.finditer(text)), default=0)
    indent = max((len(m[0]) for m in _LEVELS.finditer(text)), default=0)
    if max(deepest, levels, indent) <= DEEPEST:
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                raise _problem(name, event.start_mark, *_TOO_DEEP)
    except yaml.YAMLError:
        return  # the parser tells where


_TOO_DEEP = (f"more than {DEEPEST} levels stand inside each other here", "no key of a document needs so many")


def _value(loader: Any, node: yaml.Node, source: Source, path: KeyPath) -> Any:
    if len(path) > DEEPEST:
        raise _problem(source.name, node.start_mark, *_TOO_DEEP)
    if len(source.values) >= MOST_VALUES:
        message = f"the document has more than {MOST_VALUES} values"
        raise _problem(source.name, node.start_mark, message, "write out what an alias (*name) stands for")
    source.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, source, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, source, (*path, i)) for i, item in enumerate(node.value)]
    return _scalar(loader, node, source)


def _scalar(loader: Any, node: yaml.Node, source: Source) -> Any:
    """A text, number or truth value. Raises PolicyError for a number that nothing here can mean."""
    number = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    if number and sum(character.isdigit() for character in node.value) > LONGEST_NUMBER:
        message = f"a number has at most {LONGEST_NUMBER} digits here"
        raise _problem(source.name, node.start_mark, message, "write it between quotes if it is no number")
    try:
        return loader.construct_object(node)
    except (ValueError, OverflowError, TypeError, AttributeError):  # such as !!int "x", !!timestamp "x"
        message = f"the value is not what its tag {node.tag.rpartition(':')[2]} says"
        raise _problem(source.name, node.start_mark, message, "leave the tag out") from None


def _mapping(loader: Any, node: yaml.MappingNode, source: Source, path: KeyPath) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = _scalar(loader, key_node, source) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise _problem(source.name, key_node.start_mark, f"the key {key!r} is not text", f'write "{key}"')
        if key in result:
            raise _problem(source.name, key_node.start_mark, f"“{key}” is given twice", "keep one of the two")
        source.keys[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        result[key] = _value(loader, value_node, source, (*path, key))
    return result
