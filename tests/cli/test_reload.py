"""`serve --dev` with plugins that somebody works on: it starts anew when they change, if they are good."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audiohook_fw.cli import reload as reloading
from audiohook_fw.cli.dev import DevKey
from audiohook_fw.cli.reload import Handover, Reload, problem_of

PATIENCE = 60.0

POLICY = """
from audiohook_fw import Reject, hookimpl

@hookimpl
def on_open(session):
    return {decision}
"""
ACCEPTING = POLICY.format(decision="None")
REJECTING = POLICY.format(decision='Reject(info="planted")')
STARTING = """
from audiohook_fw import hookimpl

@hookimpl
def on_startup(server): {body}
"""

pytestmark = [pytest.mark.usefixtures("no_grace"), pytest.mark.timeout(600)]


def put(file: Path, text: str) -> None:
    """Write a file at once: half of one would be a version of its own."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


class Dev:
    """A `serve --dev` with the key that it printed."""

    def __init__(self, server, process) -> None:
        self.server = server
        self._process = process
        self.url, self.api_key, self.secret = (
            server.wait_for(rf"^  {name} +(\S+)$")[1] for name in ("URL", "API key", "Secret")
        )

    def call(self, *args: str) -> list[str]:
        key = ("--api-key", self.api_key, "--secret", self.secret, "--json")
        done = self._process("simulate", self.url, *key, *(args or ("--speed", "50", "--duration", "1")))
        return [call["decision"] for call in json.loads(done.out)["calls"]]


@pytest.fixture
def dev(serve, process):
    return lambda *args: Dev(serve("--dev", "--port", "0", *args), process)


def test_it_starts_anew_with_the_same_key_and_port(dev, place):
    file = place / "my_policy.py"
    put(file, ACCEPTING)
    running = dev("-p", "my_policy.py")
    assert running.call() == ["accepted"]
    put(file, REJECTING)
    running.server.wait_for("a plugin has changed; the server starts anew, which ends running calls")
    running.server.wait_for("started anew with the same key; plugins: .*my_policy active")
    assert running.call() == ["rejected"]
    put(file, ACCEPTING)
    running.server.wait_for("started anew")
    assert running.call() == ["accepted"]
    assert running.server.end() == 0
    for secret in (running.secret, running.api_key):
        assert not any(secret in line for line in running.server.lines if re.match(r"\d{4}-", line))


def test_a_broken_version_is_named_and_the_one_before_runs_on(dev, place):
    file = place / "my_policy.py"
    put(file, ACCEPTING)
    running = dev("-p", "my_policy")
    put(file, "def (")
    line = running.server.wait_for(
        "ERROR .*plugin my_policy: cannot be imported: SyntaxError.*my_policy.py, line 1"
    )
    assert line.string.endswith("correct it there; the version before stays until the next change")
    assert running.call() == ["accepted"]
    assert sum("ERROR" in line and "my_policy" in line for line in running.server.lines) == 1
    put(file, REJECTING)
    running.server.wait_for("started anew")
    assert running.call() == ["rejected"]


def test_a_call_that_runs_is_ended_by_the_protocol(dev, place):
    file = place / "my_policy.py"
    put(file, ACCEPTING)
    running = dev("-p", "my_policy.py")
    simulate = [sys.executable, "-m", "audiohook_fw", "simulate", running.url, "--json", "-v"]
    simulate += ["--api-key", running.api_key, "--secret", running.secret, "--tone", "--duration", "3600"]
    call = subprocess.Popen(simulate, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for line in call.stderr:
            if "audio, " in line:
                break
        put(file, REJECTING)
        out, _ = call.communicate(timeout=PATIENCE)
    finally:
        call.kill()
        call.communicate()
    (report,) = json.loads(out)["calls"]
    assert (report["decision"], report["closing"]) == ("accepted", "closed")
    running.server.wait_for("started anew")


def test_files_of_a_folder_come_change_and_go(dev, place):
    folder = place / "plugins"
    folder.mkdir()
    running = dev("--plugins-dir", "plugins")
    put(folder / "my_policy.py", REJECTING)
    running.server.wait_for("started anew with the same key; plugins: .*my_policy active")
    assert running.call() == ["rejected"]
    put(folder / "other.py", "raise OSError('planted')")
    running.server.wait_for("plugin other: cannot be imported: OSError: planted")
    (folder / "other.py").unlink()
    running.server.wait_for("started anew")
    (folder / "my_policy.py").unlink()
    running.server.wait_for("started anew")
    assert running.call() == ["accepted"]


def test_any_module_of_a_package_counts(dev, place):
    package = place / "my_policy"
    (package / "below").mkdir(parents=True)
    (package / "__init__.py").write_text("from .below.policy import *", encoding="utf-8")
    (package / "below" / "__init__.py").write_text("", encoding="utf-8")
    (package / "below" / "policy.py").write_text(ACCEPTING, encoding="utf-8")
    running = dev("-p", "my_policy")
    put(package / "below" / "policy.py", REJECTING)
    running.server.wait_for("started anew")
    assert running.call() == ["rejected"]


def test_a_version_that_loads_but_does_not_start_waits_for_a_better_one(dev, place):
    file = place / "starter.py"
    put(file, STARTING.format(body="pass"))
    (place / "audiohook.toml").write_text("[plugins]\nrequired = ['starter']\n", encoding="utf-8")
    running = dev("-p", "starter.py")
    put(file, STARTING.format(body="raise OSError('planted')"))
    running.server.wait_for("is required and on_startup failed: OSError: planted; the server starts with the")
    put(file, STARTING.format(body="print('well')"))
    running.server.wait_for("started anew with the same key; plugins: .*starter active")
    assert running.call() == ["accepted"]
    assert running.server.end() == 0


def test_nothing_is_left_in_the_environment():
    key = DevKey("key", "secret", "token")
    roots = (("my_policy.py", ""), ("plugins", "*.py"))
    env = {
        reloading.VARIABLE: json.dumps(
            {
                "key": {"api_key": "key", "secret": "secret", "admin_token": "token"},
                "port": 1,
                "admin_port": 2,
                "roots": roots,
            }
        )
    }
    assert Handover.take(env) == Handover(key, 1, 2, roots)
    assert env == {}
    assert Handover.take(env) is None
    assert "secret" not in repr(Handover(key, 1, 2, roots))


def test_a_server_that_does_not_end_is_cut_off(monkeypatch):
    """As when a plugin blocks the loop."""
    anew = threading.Event()
    monkeypatch.setattr(reloading, "_STUCK", 0.01)
    monkeypatch.setattr(Handover, "start_anew", lambda self: anew.set())
    reload = Reload(DevKey.new(), (), None)

    class Loop:
        def call_soon_threadsafe(self, function) -> None:
            assert function is reload.ask

    reload._end(Handover(reload.key, 1, 2, ()), Loop())
    assert anew.is_set()
    assert reload.is_due()


def test_the_first_life_does_not_wait_for_a_better_version(process, place):
    (place / "broken.py").write_text("def (", encoding="utf-8")
    result = process("serve", "--dev", "--port", "0", "-p", "broken.py")
    assert result.status == 2
    assert len(result.errors) == 1


def test_what_is_wrong_already_is_nothing_new(place):
    (place / "broken.py").write_text("raise OSError('planted')", encoding="utf-8")
    args = ("--plugins-dir", ".")
    problem = problem_of(args, ())
    assert problem.startswith("plugin broken: cannot be imported: OSError: planted")

    class Record:
        name, error = "broken", problem.removeprefix("plugin broken: ")

    assert problem_of(args, [Record]) == ""


def test_a_version_that_ends_or_hangs_the_process_is_not_taken(place, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    (place / "ender.py").write_text("import os; os._exit(7)", encoding="utf-8")
    assert problem_of(("-p", "ender.py"), ()) == "the new version ends the process with status 7"
    (place / "audiohook.toml").write_text("[server]\nport = 'x'\n", encoding="utf-8")
    assert problem_of((), ()).startswith("server.port (from audiohook.toml")
    (place / "audiohook.toml").unlink()
    monkeypatch.setattr(reloading, "_PATIENCE", 0.01)
    assert problem_of((), ()) == "the new version does not load within 0.01 s"
