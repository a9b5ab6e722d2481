"""Distributions as an installer leaves them, seen by the command as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = """
from audiohook_fw import PluginInfo, hookimpl

class Plugin:
    info = PluginInfo({info})

    @hookimpl
    def on_event(self, session, event): ...
"""


@pytest.fixture
def site(tmp_path):
    """A directory of distributions beside those of the environment; returns what installs into it."""
    directory = tmp_path / "site"
    directory.mkdir()

    def install(name: str, *, info: str = "", requires: str = "audiohook-fw>=0.1") -> Path:
        (directory / f"acme_{name}.py").write_text(PLUGIN.format(info=info), encoding="utf-8")
        meta = directory / f"acme_{name}-2.5.dist-info"
        meta.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 2.5\nRequires-Dist: {requires}\n"
        (meta / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"[audiohook_fw]\n{name} = acme_{name}:Plugin\n"
        (meta / "entry_points.txt").write_text(entry, encoding="utf-8")
        return directory

    return install


def _listed(process, site: Path):
    result = process("plugins", "--json", env={"PYTHONPATH": str(site)})
    assert result.status == 0, result.err
    return {plugin["name"]: plugin for plugin in json.loads(result.out)}


def test_a_plugin_that_needs_another_core_is_incompatible(process, site):
    site("fits")
    found = _listed(process, site("newer", requires="audiohook-fw>=99,<100"))
    assert (found["fits"]["status"], found["fits"]["version"]) == ("active", "2.5")
    newer = found["newer"]
    assert (newer["status"], newer["distribution"], newer["hooks"]) == ("incompatible", "acme-newer", {})
    assert newer["error"].startswith("needs audiohook-fw<100,>=99, but this is 0.1.0; install one that fits")
    assert "pip install 'audiohook-fw<100,>=99'" in newer["error"]


def test_a_plugin_for_other_hooks_is_incompatible(process, site):
    found = _listed(process, site("newer", info="hook_api=99"))["newer"]
    assert (found["status"], found["hook_api"]) == ("incompatible", 99)
    assert found["error"].endswith("upgrade audiohook-fw")


def test_what_nobody_emits_is_noted_in_the_table_on_80_columns(process, site):
    directory = site("mood", info="consumes=('bot_turn_response',)")
    result = process("plugins", env={"PYTHONPATH": str(directory), "COLUMNS": "80"})
    assert result.status == 0
    assert "  note      consumes bot_turn_response, but no active plugin emits it; install" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_what_nobody_emits_is_logged_at_serve(serve, no_grace, site, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site("mood", info="consumes=('bot_turn_response',)")))
    server = serve("--dev", "--port", "0")
    server.wait_for(
        "WARNING .*plugin mood consumes bot_turn_response, but no active plugin emits it; install one"
    )
    server.wait_for("calls are taken at")
    assert server.end() == 0


def test_a_wheel_that_was_built(process, tmp_path):
    """The third-party example, built to a wheel and unpacked where an installer would put it."""
    example = Path(__file__).resolve().parents[2] / "examples" / "third_party_plugin"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    build += ["--no-index", "--wheel-dir", str(tmp_path), str(example)]
    subprocess.run(build, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    found = _listed(process, wheel)["talk_ratio"]  # Python imports from a wheel as it is
    assert (found["status"], found["distribution"]) == ("active", "acme-talk-ratio")
    assert found["emits"]
