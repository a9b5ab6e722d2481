"""Plugins that end or stop the process that they are tried in: the command goes on, and says so."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from audiohook_fw.cli.errors import CommandError
from audiohook_fw.cli.packaging import Outcome
from audiohook_fw.cli.plugin.contract import Job, Trial
from audiohook_fw.testing import RULES

BAD = """
import os, signal, subprocess, sys, threading, time
from audiohook_fw import hookimpl

{at_import}

@hookimpl
def on_opened(session):
    {on_opened}
"""
SPIN = "while True: pass"
STUCK = "sum(iter(int, 1))"  # without end, and no other thread gets a turn
ENDS = {
    "crash": "os.kill(os.getpid(), signal.SIGSEGV)",
    "exit": "os._exit(3)",
    "exit well": "os._exit(0)",
}
PATIENT = 300.0
"""Seconds that are enough on any machine."""


@pytest.fixture
def trial(tmp_path):
    """Try a plugin of this code."""

    def make(at_import="", on_opened="pass", timeout=PATIENT, told=lambda rule: None):
        path = tmp_path / "bad.py"
        path.write_text(BAD.format(at_import=at_import, on_opened=on_opened), encoding="utf-8")
        return Trial(Job("bad", str(path), timeout=timeout), told)

    return make


def outcomes(findings):
    return [finding.outcome for finding in findings]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (ENDS["crash"], "it ended the process by SIGSEGV; it was at "),
        (ENDS["exit"], "it ended the process with exit status 3"),
        (ENDS["exit well"], "it ended the process with exit status 0"),
    ],
    ids=ENDS,
)
def test_a_hook_that_ends_the_process(trial, code, says):
    found = list(trial(on_opened=code).findings())
    assert [finding.rule for finding in found] == [rule.name for rule in RULES]
    at = next(i for i, finding in enumerate(found) if finding.outcome is Outcome.FAILED)
    assert found[at].problem.startswith(says)
    assert found[at].mend
    assert 0 < at < len(RULES) - 1
    assert outcomes(found[:at]) == at * [Outcome.PASSED]
    assert {f.problem for f in found[at + 1 :]} == {f"the process ended at {found[at].rule}"}
    if "SIGSEGV" in says:
        assert "bad.py:9 in on_opened" in found[at].problem


def test_a_module_that_ends_the_process(trial):
    tried = trial(at_import=ENDS["exit"])
    found = list(tried.findings())
    assert (found[0].rule, found[0].outcome) == ("loads", Outcome.FAILED)
    assert outcomes(found[1:]) == [Outcome.SKIPPED] * (len(RULES) - 1)
    assert not tried.about.loaded


def test_a_module_that_never_ends_importing(trial):
    found = list(trial(at_import=SPIN, timeout=15.0).findings())
    assert found[0].problem.startswith("it was not done after 15 s, and was ended; it was at ")
    assert "bad.py:5 in <module>" in found[0].problem


def test_a_hook_that_computes_without_end(trial):
    found = list(trial(on_opened=SPIN).findings())
    assert [finding.rule for finding in found] == [rule.name for rule in RULES]
    at = next(i for i, finding in enumerate(found) if finding.outcome is Outcome.FAILED)
    assert found[at].rule == "never-blocks"
    assert found[at].problem.startswith("it computed for 3 s without a pause in the event loop, at ")
    assert found[at].problem.endswith("bad.py:9 in on_opened")
    assert outcomes(found[at + 1 :]) == [Outcome.SKIPPED] * (len(RULES) - at - 1)
    assert {finding.problem for finding in found[at + 1 :]} == {"it must keep never-blocks first"}


def test_a_hook_that_hangs(trial, tmp_path):
    (tmp_path / "pid").touch()
    note = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    told = []
    found = list(trial(note, STUCK, timeout=15.0, told=told.append).findings())
    failed = [finding for finding in found if finding.outcome is Outcome.FAILED]
    assert len(failed) == 1
    assert failed[0].problem.startswith("it was not done after 15 s, and was ended; it was at ")
    assert failed[0].problem.endswith("bad.py:9 in on_opened")
    assert failed[0].rule == told[-1] == "never-blocks"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_fault_that_another_rule_tells_is_skipped(trial):
    found = {finding.rule: finding for finding in trial(on_opened="1 / 0").findings()}
    assert found["survives-calls"].outcome is Outcome.FAILED
    assert "ZeroDivisionError" in found["survives-calls"].problem
    assert found["survives-ends"].outcome is Outcome.SKIPPED
    assert "`survives-calls`" in found["survives-ends"].problem
    assert [f.rule for f in found.values() if f.outcome is Outcome.FAILED] == ["survives-calls"]


def test_what_it_leaves_running_does_not_keep_the_command(trial, tmp_path):
    pid = str(tmp_path / "pid")
    leave = f"child = subprocess.Popen(['sleep', '600']); open({pid!r}, 'w').write(str(child.pid))"
    thread = "threading.Thread(target=time.sleep, args=(600,)).start()"
    found = list(trial(f"{leave}\n{thread}").findings())
    assert len(found) == len(RULES)
    assert "the process" not in " ".join(finding.problem for finding in found)
    assert _ends(int(Path(pid).read_text()))


def _ends(pid):
    """Tell whether a process is gone, or a dead one that nobody asked after, within a minute."""
    for _ in range(600):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_a_plugin_that_cannot_be_imported(trial):
    tried = trial(at_import="import no_such_module_anywhere")
    found = list(tried.findings())
    assert "no_such_module_anywhere" in found[0].problem
    assert {finding.problem for finding in found[1:]} == {"it does not load"}
    assert "no_such_module_anywhere" in tried.about.error


def test_what_it_is_like(trial):
    tried = trial()
    assert all(finding.outcome is Outcome.PASSED for finding in tried.findings())
    assert (tried.about.loaded, tuple(tried.about.hooks), tried.about.settings) == (True, ("on_opened",), {})


def test_a_configuration_that_cannot_be_read(trial, tmp_path):
    (tmp_path / "bad.toml").write_text("[plugins\n", encoding="utf-8")
    job = Job("bad", str(tmp_path / "bad.py"), config=tmp_path / "bad.toml")
    with pytest.raises(CommandError, match=r"bad\.toml"):
        list(Trial(job).findings())


def test_a_module_that_forks_is_tried_once(trial):
    # Only once, whatever becomes of the copy: else a mistake here would fill the machine with them.
    forks = "if os.environ.setdefault('FORKED', str(os.getpid())) == str(os.getpid()): os.fork()"
    found = list(trial(at_import=forks).findings())
    assert [finding.rule for finding in found] == [rule.name for rule in RULES]
