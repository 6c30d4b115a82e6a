"""YAML with line numbers, so that an error can name the line; a key written twice is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lakehouse.errors import InvalidRetailerFile


@dataclass(frozen=True)
class LinedYaml:
    """A YAML document and the line of each of its keys."""

    value: Any
    root: yaml.Node

    def line(self, path: Sequence[Any]) -> int:
        """The 1-based line of the deepest part of the path that the document holds."""
        node, line = self.root, 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            node, line = found
        return line

    def holds(self, path: Sequence[Any]) -> bool:
        """Whether the document has something at the path."""
        node = self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                return False
            node = found[0]
        return True


def load_lined(path: Path) -> LinedYaml:
    """The document of a file.

    Raises: InvalidRetailerFile if the file is absent, is no YAML, is empty or writes a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except FileNotFoundError:
        raise _refused(path, "there is no such file") from None
    except UnicodeDecodeError as error:
        raise _refused(path, f"byte {error.start} is not UTF-8") from None
    except yaml.YAMLError as error:
        raise _refused(path, f"this is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.MappingNode):
        raise _refused(path, "the file is empty or not a mapping")
    _refuse_double_keys(path, root)
    return LinedYaml(value, root)


def _child(node: yaml.Node, part: Any) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value if key.value == str(part)]
        return (pairs[0][1], pairs[0][0].start_mark.line + 1) if pairs else None
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


def _refuse_double_keys(path: Path, node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_double_keys(path, value)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise _refused(path, f"line {key.start_mark.line + 1}: the key {key.value} is written twice")
            seen.add(key.value)
            _refuse_double_keys(path, value)


def _refused(path: Path, what: str) -> InvalidRetailerFile:
    return InvalidRetailerFile(
        what,
        where=str(path),
        still_true="Nothing was started and no table was changed.",
        next_step="Correct the file; retailers/demo.yaml is an example.",
    )
