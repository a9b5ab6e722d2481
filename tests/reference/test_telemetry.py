"""Every metric, span, span event and attribute has its entry and a test; every metric is exported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from make_reference import telemetry as maker

from audiohook_fw.telemetry import ATTRIBUTES, EVENTS, METRICS, PERSONAL, SPANS, attributes

PAGE = maker.page()
CONSTANTS = {value: name for name, value in vars(attributes).items() if isinstance(value, str)}


def is_used(name: str, tested: Mapping[Path, Any]) -> bool:
    """Tell whether a test uses a name: as it is, by its constant, as exported, or asked for by `value`.

    Without `audiohook.` it counts only where it has several words: one word may mean anything.
    """
    short = name.removeprefix("audiohook.")
    spellings = {name, CONSTANTS.get(name, name), short if "." in short else name}
    if name in METRICS:
        spellings.add(maker.exported(METRICS[name]))
    files = [used for file, used in tested.items() if file.name != "test_names.py"]
    return any(spellings & (used.names | used.texts) or short in used.asked for used in files)


@pytest.mark.parametrize("name", METRICS)
def test_metric_has_its_entry_and_is_exported_as_it_says(name: str) -> None:
    metric = METRICS[name]
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | {metric.kind} "))
    assert maker.exported(metric).startswith(name.replace(".", "_"))
    for text in (maker.exported(metric), metric.unit, *metric.attributes):
        assert f"`{text}`" in row
    assert metric.description in row
    assert (f"| `{name}` | {metric.buckets[0]:g}, " in PAGE) if metric.buckets else True


@pytest.mark.parametrize("name", METRICS)
def test_metric_is_tested(name: str, tested: Mapping[Path, Any]) -> None:
    assert is_used(name, tested), f"no test uses {name}"


@pytest.mark.parametrize("name", [*SPANS, *EVENTS, *ATTRIBUTES, *PERSONAL])
def test_name_has_its_entry_and_a_test(name: str, tested: Mapping[Path, Any]) -> None:
    meaning = {**SPANS, **EVENTS, **ATTRIBUTES, **PERSONAL}[name]
    assert f"| `{name}` | {meaning} |" in PAGE
    assert is_used(name, tested), f"no test uses {name}"
