"""Every plugin that a page shows keeps the contract, and says what it does: readers copy them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from audiohook_fw.config import Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.testing import check_plugin

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs/tutorials/first-server.md", *(ROOT / "docs/how-to").glob("*.md"))
BLOCK = re.compile(r"(?:^<!-- plugin (?P<name>\w+) -->\n)?^```python\n(?P<code>.*?)^```$", re.M | re.S)
ELSEWHERE = {"test-a-plugin.md"}
"""Its blocks are one test module, which `tests/testing/test_how_to.py` runs, contract and all."""

FACTS: Mapping[str, Mapping[str, object]] = {  # of a call that is accepted
    "first_server_1": {"dnis": "tel:+15555550100"},
    "only_some": {"dnis": "tel:+4980012345"},
}


def _plugins() -> dict[str, str]:
    """Return the code of each by the name that its page gives it, else by page and number.

    A block without a hook is no plugin. Event types are registered once, under the module's name: the same
    as in other tests.
    """
    found = {}
    for page in PAGES:
        if page.name not in ELSEWHERE:
            blocks = list(BLOCK.finditer(page.read_text(encoding="utf-8")))
            stem = page.stem.lower().replace("-", "_")
            found |= {
                block["name"] or f"{stem}_{number}": block["code"]
                for number, block in enumerate(blocks, 1)
                if "@hookimpl" in block["code"]
            }
    return found


PLUGINS = _plugins()


@pytest.fixture
def module(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A plugin of a page as a module that this process and its children can import."""
    name: str = request.param
    (tmp_path / f"{name}.py").write_text(PLUGINS[name], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def test_plugins_are_found() -> None:
    assert len(PLUGINS) > 17
    assert FACTS.keys() <= PLUGINS.keys()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("module", PLUGINS, indirect=True)
def test_it_keeps_the_contract(module: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    assert [str(failure) for failure in check_plugin(module, facts=FACTS.get(module))] == []


@pytest.mark.parametrize("module", PLUGINS, indirect=True)
def test_it_says_what_it_does(module: str) -> None:
    settings = Settings.model_validate({"plugins": {"enabled": [], "modules": [module]}})
    manager = load_plugins(settings.plugins, lambda name, model: model(), settings.limits)
    (record,) = [record for record in manager.records if record.name == module]
    assert record.error == ""
    assert record.info.summary
