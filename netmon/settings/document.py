"""YAML text as plain data that remembers its lines.

Stricter than YAML: keys are strings and stand once, values are strings, numbers, booleans or nothing, and nothing
refers to itself. So nothing here can execute, explode or recurse, whatever the bytes.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from netmon.settings.complaints import Page
from netmon.settings.regular import size_of

_LARGEST = 256 * 1024
_QUOTED = re.compile(r"'(?![<\\])[^']{2,}'")
_DEEPEST = 20
_LARGEST_NUMBER = 10**15
_NOTHING: Any = object()
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}
_Location = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """Data of one YAML file, and the line each value or key stands on, by its path."""

    data: dict[str, Any]
    lines: dict[_Location, int] = field(default_factory=dict)

    def line_of(self, location: _Location) -> int:
        """Line of the value at that path, or of what holds it where it is absent."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 0)


def read_text(path: Path, page: Page) -> str | None:
    """The file's text; None, with a complaint, where there is none."""
    try:
        if size_of(path) > _LARGEST:
            page.wrong(0, "", "is too large for a settings file", "give the file netmon.yaml is kept in")
            return None
        raw = path.read_bytes()
    except IsADirectoryError:
        page.wrong(0, "", "is a directory", "name the file in it, e.g. netmon.yaml")
        return None
    except FileNotFoundError:
        page.wrong(0, "", "no such file", "check the path, or copy the example from config/netmon.yaml")
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is not valid"
        page.wrong(0, "", f"cannot be read: {reason}", "check its owner and mode")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        page.wrong(line, "", "is not UTF-8 text", "save it as UTF-8")
        return None


def parse(text: str, page: Page) -> Document | None:
    """Text to data; complaints go to the page. None where the text is no YAML mapping at all."""
    loader = yaml.SafeLoader("")
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        page.wrong(mark.line + 1 if mark else 0, "", f"is not valid YAML: {_problem(error)}", _hint(error))
        return None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        page.wrong(line, "", "is not valid YAML: there is a control character in it", "take it out")
        return None
    except (RecursionError, ValueError, OverflowError):
        page.wrong(0, "", "is not valid YAML", "compare it with the example in config/netmon.yaml")
        return None
    finally:
        loader.dispose()
    if node is None:
        return Document({})
    if not isinstance(node, yaml.MappingNode):
        page.wrong(node.start_mark.line + 1, "", "is not a mapping", "write 'section:' and indented 'key: value' lines")
        return None
    return _Walk(page).document(node)


def path_text(at: _Location) -> str:
    """A path as operators write it: probing.interval, isolation.reference_targets[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return text.removeprefix(".")


def _problem(error: yaml.MarkedYAMLError) -> str:
    """YAML's own words, but for what it quotes from the file: that may be a secret."""
    return _QUOTED.sub("'...'", str(error.problem or error.context))


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in str(error.problem):
        return "indent with spaces, not with tabs"
    return "check indentation, colons and quotes just above"


class _Walk:
    """One walk over the nodes of a document; each node may be met once, so aliases are complained of."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lines: dict[_Location, int] = {}
        self._seen: set[int] = set()

    def document(self, root: yaml.MappingNode) -> Document:
        data = self._mapping(root, ())
        return Document(data, self._lines)

    def _value(self, node: yaml.Node, at: _Location) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(at, line)
        if id(node) in self._seen or len(at) > _DEEPEST:
            self._page.wrong(line, path_text(at), "refers to another value or is nested too deeply", "write it out")
            return _NOTHING
        self._seen.add(id(node))
        if node.tag not in _PLAIN:
            self._page.wrong(line, path_text(at), "has a YAML tag ('!...')", "write the plain value")
            return _NOTHING
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            values = [self._value(item, (*at, number)) for number, item in enumerate(node.value)]
            return [value for value in values if value is not _NOTHING]
        return self._scalar(node, at)

    def _mapping(self, node: yaml.MappingNode, at: _Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self._page.wrong(line, path_text(at), "has a key that is not a word", "write 'key: value'")
                continue
            key = str(key_node.value)
            if not key.isprintable():
                self._page.wrong(line, path_text(at), "has a key with characters that cannot be seen", "retype it")
                continue
            if key in found:
                first = self._lines[(*at, key)]
                self._page.wrong(
                    line, path_text((*at, key)), f"stands twice, first on line {first}", "keep one of them"
                )
                continue
            self._lines[(*at, key)] = line
            value = self._value(value_node, (*at, key))
            if value is not _NOTHING:
                found[key] = value
        return found

    def _scalar(self, node: yaml.Node, at: _Location) -> Any:
        line = node.start_mark.line + 1
        try:
            if node.tag.endswith((":timestamp", ":str")):
                return node.value.encode("utf-8").decode("utf-8")  # an escape such as "\ud800" is half a character
            value = yaml.constructor.SafeConstructor().construct_object(node)
        except (yaml.YAMLError, ValueError, KeyError, IndexError, OverflowError):
            value = _NOTHING
        if value is _NOTHING or (isinstance(value, int) and abs(value) > _LARGEST_NUMBER):
            self._page.wrong(line, path_text(at), "is no value netmon can read", "put text in quotes")
            return _NOTHING
        return value
