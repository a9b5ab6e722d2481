"""TOML with line numbers: tomllib reads the values, a scanner over the same text finds where they stand."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from typing import Final

from .nodes import MOST_DEPTH, Node
from .problems import Problem, RuleFileError

__all__ = ["read_toml"]

Path = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"[ \t]*([A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')[ \t]*(\.?)")
_TEXT: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_OTHER: Final = re.compile(r"[^,\]}#\n]*")
_PLACE: Final = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|.*)\)$")


_MANY_DIGITS: Final = re.compile(r"(?:[0-9]_?){640}")
_MOST_BITS: Final = 64
_TOO_LONG: Final = f"a number that is too long; allowed: whole numbers of {_MOST_BITS} bits"


def read_toml(text: str, file: str) -> Node:
    """Return the content of a TOML file.

    Raises:
        RuleFileError: it is no TOML.
    """
    content: object = None
    scanner = _Scanner(text)
    try:
        with suppress(RecursionError):  # then the scanner comes to the same place, and knows its line
            content = tomllib.loads(text)
        scanner.document()
        return _node(content, (), 1, scanner.lines)
    except tomllib.TOMLDecodeError as error:
        raise RuleFileError(file, [_problem(str(error), text)]) from None
    except _TooDeepError as error:
        what = f"too deeply nested; allowed: {MOST_DEPTH} tables and lists in each other"
        raise RuleFileError(file, [Problem(error.line, what)]) from None
    except _TooLongError as error:
        raise RuleFileError(file, [Problem(error.line, _TOO_LONG)]) from None
    except ValueError:  # Python reads no number of so many digits
        found = _MANY_DIGITS.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise RuleFileError(file, [Problem(line, _TOO_LONG)]) from None


def _problem(message: str, text: str) -> Problem:
    """Return what tomllib says, whose messages end in the place."""
    match = _PLACE.match(message)
    if match is None or match["line"] is None:
        what = match["what"] if match else message
        return Problem(max(1, len(text.splitlines())), f"not valid TOML: {what} (at the end of the file)")
    return Problem(int(match["line"]), f"not valid TOML: {match['what']} (at column {match['column']})")


def _node(value: object, path: Path, line: int, lines: dict[Path, int]) -> Node:
    line = lines.get(path, line)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise _TooLongError(line)
    if isinstance(value, dict):
        children = {key: _node(item, (*path, key), line, lines) for key, item in value.items()}
        return Node(children, line, line)
    if isinstance(value, list):
        return Node([_node(item, (*path, i), line, lines) for i, item in enumerate(value)], line, line)
    return Node(value, line, line)


class _LineError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _TooDeepError(_LineError):
    pass


class _TooLongError(_LineError):
    pass


class _Scanner:
    """Goes through a text that tomllib has found to be valid, and notes the line of every key and item.

    Raises:
        _TooDeepError: at the first of them that is too deep.
    """

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[Path, int] = {}  # how many tables an array of tables has so far

    def document(self) -> None:
        base: Path = ()
        while self._next():
            if self._text[self._at] == "[":
                base = self._header()
            else:
                self._pair(base)

    def _next(self) -> str:
        """Skip blanks and comments, and return the character there, empty at the end."""
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._text[self._at : self._at + 1]

    def _note(self, path: Path, at: int) -> None:
        line = bisect_right(self._ends, at - 1) + 1
        if len(path) > MOST_DEPTH:
            raise _TooDeepError(line)
        self.lines.setdefault(path, line)

    def _header(self) -> Path:
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 1 + is_array
        *above, last = self._keys()
        path: Path = ()
        for key in above:
            path = self._newest((*path, key))
            self._note(path, start)
        path = (*path, last)
        if is_array:
            self._note(path, start)
            count = self._tables[path] = self._tables.get(path, 0) + 1
            path = (*path, count - 1)
        else:
            path = self._newest(path)
        self._note(path, start)
        self._at += 1 + is_array
        return path

    def _newest(self, path: Path) -> Path:
        """Return the path of the last table, where a path names an array of tables."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _keys(self) -> list[str]:
        keys = []
        while True:
            match = _KEY.match(self._text, self._at)
            assert match is not None
            self._at = match.end()
            key = match[1]
            keys.append(str(tomllib.loads(f"x = {key}")["x"]) if key[0] in "\"'" else key)
            if not match[2]:
                return keys

    def _pair(self, base: Path) -> None:
        start, path = self._at, base
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self._next()
        self._note(path, self._at)
        if first == "[":
            self._items(path)
        elif first == "{":
            self._inline(path)
        else:
            match = (_TEXT if first in "\"'" else _OTHER).match(self._text, self._at)
            assert match is not None
            self._at = match.end()

    def _items(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._next() != "]":
            if self._text[self._at] == ",":
                self._at += 1
            else:
                self._value((*path, index))
                index += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._next() != "}":
            if self._text[self._at] == ",":
                self._at += 1
            else:
                self._pair(path)
        self._at += 1
