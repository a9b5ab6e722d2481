"""What is different between two replays of the same recordings, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final, TypeAlias

from audiohook_fw import AudiohookError

from .texts import as_time

__all__ = ["SUFFIX", "CompareError", "changes", "read_results"]

SUFFIX: Final = ".replay.json"
"""How files of results are named that hold one each."""

_ABOUT: Final = ("decision", "reason", "rate", "position")
_LISTS: Final = ("events", "wishes", "faults")
_SAID_ELSEWHERE: Final = ("position", "seconds", "plugin", "type", "wish", "hook")
_LONGEST: Final = 160

Result: TypeAlias = Mapping[str, Any]


class CompareError(AudiohookError):
    """There are no results of an older replay; says where, and what is wrong."""


def read_results(path: Path) -> dict[str, Result]:
    """Return the results of an older replay by the names of their recordings.

    Args:
        path: a file of one result or an array of them, or a directory that `--into` made.

    Raises:
        CompareError: when it holds no results. OSError: when it cannot be read.
    """
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if not files:
        raise CompareError(f"{path}: there are no results of a replay in this directory (*{SUFFIX})")
    found: dict[str, Result] = {}
    for file in files:
        for result in _read(file):
            if "problem" not in result:
                found[result["recording"]] = result
    return found


def changes(old: Result, new: Result) -> Iterator[str]:
    """Yield a line for each difference: `-` is gone, `+` is new, `~` is changed."""
    for name in _ABOUT:
        if old.get(name) != new.get(name):
            yield f"~ {name}: {_short(old.get(name))} → {_short(new.get(name))}"
    for name in _LISTS:
        yield from _in_list(old.get(name, []), new.get(name, []))


def _read(file: Path) -> list[Result]:
    try:
        loaded = json.loads(file.read_bytes())
    except ValueError:
        raise CompareError(f"{file}: this is no JSON: give what replay --json or --into wrote") from None
    results = loaded if isinstance(loaded, list) else [loaded]
    for result in results:
        if not isinstance(result, dict) or not isinstance(result.get("recording"), str):
            raise CompareError(f"{file}: this is no result of a replay: give what --json or --into wrote")
        if any(not _is_list(result.get(name, [])) for name in _LISTS):
            raise CompareError(f"{file}: the result of {result['recording']} is damaged")
    return results


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _in_list(old: Sequence[Result], new: Sequence[Result]) -> Iterator[str]:
    texts, others = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    matcher = SequenceMatcher(None, texts, others, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        before, after = old[i:j], new[k:m]
        pairs = min(len(before), len(after))
        for one, other in zip(before, after, strict=False):
            if _head(one) == _head(other):
                yield f"~ {_title(other)}: {_fields(one, other)}"
            else:
                yield f"- {_line(one)}"
                yield f"+ {_line(other)}"
        yield from (f"- {_line(item)}" for item in before[pairs:])
        yield from (f"+ {_line(item)}" for item in after[pairs:])


def _head(item: Result) -> tuple[object, ...]:
    return tuple(item.get(name) for name in ("plugin", "type", "wish", "hook"))


def _title(item: Result) -> str:
    moment = [as_time(item["seconds"], tenths=True)] if isinstance(item.get("seconds"), int | float) else []
    return " ".join([*moment, *(str(part) for part in _head(item) if part is not None)])


def _line(item: Result) -> str:
    rest = {name: value for name, value in _flat(item).items() if name not in _SAID_ELSEWHERE}
    return f"{_title(item)} {_short(rest)}" if rest else _title(item)


def _fields(old: Result, new: Result) -> str:
    one, other = _flat(old), _flat(new)
    names = [name for name in {**one, **other} if name != "seconds" and one.get(name) != other.get(name)]
    return "; ".join(f"{name} {_short(one.get(name))} → {_short(other.get(name))}" for name in names)


def _flat(item: Result) -> dict[str, Any]:
    """Return it with what an event says beside all else."""
    data = item.get("data")
    rest = {name: value for name, value in item.items() if name != "data"}
    return {**rest, **data} if isinstance(data, dict) else dict(item)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
