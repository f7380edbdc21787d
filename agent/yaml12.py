"""YAML 1.2 core schema over PyYAML: ``yes``, ``no``, ``on``, ``off``, dates and numbers with leading zeros are text."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from typing import Any

import yaml


class CoreLoader(yaml.SafeLoader):
    """Safe loader that resolves plain scalars by the core schema and refuses a key that stands twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the base declares it so

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping.

        Raises:
            yaml.constructor.ConstructorError: a key stands twice.
        """
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue
            if key in seen:
                problem = f'the key "{key}" stands twice'
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_RESOLVERS: tuple[tuple[str, str, str], ...] = (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
)

for _tag, _pattern, _first in _RESOLVERS:
    CoreLoader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


def _integer(loader: CoreLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    try:
        return int(text, 8) if text.startswith("0o") else int(text, 16) if text.startswith("0x") else int(text)
    except ValueError:
        problem = "this number has too many digits"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def _number(loader: CoreLoader, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)))


CoreLoader.add_constructor("tag:yaml.org,2002:int", _integer)
CoreLoader.add_constructor("tag:yaml.org,2002:float", _number)


class CoreDumper(yaml.SafeDumper):
    """Dumper whose output the core loader reads back as the same values."""

    yaml_implicit_resolvers = dict(yaml.SafeDumper.yaml_implicit_resolvers)  # noqa: RUF012 - the base declares it so

    def ignore_aliases(self, data: Any) -> bool:
        """Write values out in full, each time."""
        return True


_FOLDED = "\x85\u2028\u2029"
"""Line breaks of YAML 1.1 that are read back as others unless they are escaped."""


def _text(dumper: CoreDumper, value: str) -> yaml.ScalarNode:
    style = "'" if any(re.match(pattern, value) for _, pattern, _ in _RESOLVERS) else None
    if any(sign in value for sign in _FOLDED):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


CoreDumper.add_representer(str, _text)


def load(text: str) -> Any:
    """Read one YAML or JSON document.

    JSON is tried first where it could be: tabs and paired surrogate escapes are right there and wrong in YAML.

    Raises:
        yaml.YAMLError: it is not well-formed.
    """
    try:
        if text.lstrip()[:1] in {"{", "["}:
            try:
                return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
            except ValueError:
                pass
        return yaml.load(text, Loader=CoreLoader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise yaml.constructor.ConstructorError(None, None, f'the key "{name}" stands twice', None)
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def dump(value: Any) -> str:
    """Write one YAML document in block style, keys in the order given."""
    text: str = yaml.dump(
        value, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110
    )
    return text


def scalar(text: str) -> Any:
    """The value of a command-line ``ID=VALUE``: a YAML value, else the text itself."""
    try:
        return load(text)
    except yaml.YAMLError:
        return text
