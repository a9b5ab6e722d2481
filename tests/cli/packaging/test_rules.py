"""Each rule of packaging: broken by one change to a package that keeps them all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audiohook_fw.cli.packaging import PACKAGING_RULES, About, Outcome, Package, Source

CODE = """
import numpy
from audiohook_fw import Event, hookimpl, protocol
from audiohook_fw.audio import WavWriter
from . import settings
from .settings import x
import audiohook_fw_mine.events
if True:
    from audiohook_fw.testing import *
"""
ABOUT = About(True, summary="Does it", hooks=("on_open",), settings={"limit": "How many."})
GOOD = Package(
    Source.DIRECTORY,
    "here",
    name="audiohook-fw-mine",
    version="1.0",
    requires_python=">=3.11",
    requires=("numpy", "Audiohook.FW >= 0.1, < 0.2"),
    licensed=True,
    entry_points={"mine": "audiohook_fw_mine:Mine"},
    readme="`limit` is how many; on_open counts.",
    code={"audiohook_fw_mine/plugin.py": CODE},
    typed=True,
    tests={"tests/test_it.py": "class TestIt(testing.PluginContract): plugin = Mine"},
    plugins={"mine": ABOUT},
    others=frozenset({"acme"}),
)
LINE = "audiohook_fw_mine/plugin.py:1"


def code(text):
    return {"code": {"audiohook_fw_mine/plugin.py": text}}


def about(**change):
    return {"plugins": {"mine": replace(ABOUT, **change)}}


BROKEN = [
    ("entry-point", {"entry_points": {}}, "no entry point in the group"),
    (
        "entry-point",
        about(loaded=False, missing=True, error="no Mine"),
        "mine = audiohook_fw_mine:Mine: no Mine",
    ),
    ("names-follow", {"name": "acme-tools"}, "module audiohook_fw_mine, not acme_tools"),
    ("names-follow", {"entry_points": {"x": "audiohook_fw_mine:M"}}, "does not end in the plugin's name, x"),
    ("names-follow", {"entry_points": {"Mine": "audiohook_fw_mine:M"}}, "is no plugin name"),
    ("version", {"version": "one"}, "the version is 'one'"),
    ("version", {"version": ""}, "it has no version"),
    ("requires-core", {"requires": ("numpy",)}, "does not require audiohook-fw"),
    ("requires-core", {"requires": ("audiohook-fw<1",)}, "'audiohook-fw<1' takes any older version"),
    ("requires-core", {"requires": ("audiohook-fw",)}, "takes any older version"),
    ("requires-core", {"requires": ("=1",)}, "'=1' is no requirement"),
    ("requires-python", {"requires_python": ""}, "does not say which Pythons"),
    ("requires-python", {"requires_python": "<4"}, "takes any older Python"),
    ("licence", {"licensed": False}, "names no licence"),
    ("typed", {"typed": False}, "there is no py.typed in audiohook_fw_mine"),
    ("declares-summary", about(summary=" "), "says nothing of itself"),
    ("settings-described", about(settings={"limit": ""}), "without a description: limit"),
    ("readme-complete", {"readme": ""}, "there is no README"),
    (
        "readme-complete",
        {"readme": "on_open limits"},
        "settings of mine that the README does not name: limit",
    ),
    (
        "readme-complete",
        {"readme": "limit, on_opened"},
        "hooks of mine that the README does not name: on_open",
    ),
    ("tests-contract", {"tests": {}}, "no test is a subclass of PluginContract"),
    ("tests-contract", {"tests": {"t.py": "class T(Other): ..."}}, "no test is a subclass"),
    ("public-imports", code("import audiohook_fw.server"), f"{LINE} imports audiohook_fw.server"),
    ("public-imports", code("from audiohook_fw import server"), f"{LINE} imports server of audiohook_fw"),
    (
        "public-imports",
        code("from audiohook_fw.audio.codec import x"),
        "imports x of audiohook_fw.audio.codec",
    ),
    ("public-imports", code("from audiohook_fw.audio import codec"), "imports codec of audiohook_fw.audio"),
    ("public-imports", code("def f():\n from audiohook_fw.config import load"), "plugin.py:2 imports load"),
    ("independent", code("import acme.talk"), f"{LINE} imports acme.talk"),
    ("independent", code("from audiohook_fw_other import x"), f"{LINE} imports audiohook_fw_other"),
]


def findings(package):
    return {rule.name: rule.check(package) for rule in PACKAGING_RULES}


def test_a_good_package_keeps_all():
    assert {finding.outcome for finding in findings(GOOD).values()} == {Outcome.PASSED}


@pytest.mark.parametrize(("rule", "change", "says"), BROKEN)
def test_a_broken_rule_says_what_and_how_to_mend_it(rule, change, says):
    found = findings(replace(GOOD, **change))
    assert found[rule].outcome is Outcome.FAILED
    assert says in found[rule].problem
    assert found[rule].mend


def test_a_library_that_it_requires_is_no_other_plugin():
    uses = replace(GOOD, **code("from audiohook_fw_asr import x"))
    assert findings(uses)["independent"].outcome is Outcome.FAILED
    requires = (*GOOD.requires, "Audiohook-FW-asr >=0.1,<0.2")
    assert findings(replace(uses, requires=requires))["independent"].outcome is Outcome.PASSED
    both = replace(uses, requires=requires, others=frozenset({"audiohook_fw_asr"}))
    assert findings(both)["independent"].outcome is Outcome.FAILED


def test_every_rule_is_broken_by_something():
    assert {rule for rule, _, _ in BROKEN} == {rule.name for rule in PACKAGING_RULES}


@pytest.mark.parametrize(
    ("change", "skipped"),
    [
        ({"tests": None}, {"tests-contract"}),
        ({"dynamic": frozenset({"version", "dependencies"})}, {"version", "requires-core"}),
        (about(loaded=False), {"declares-summary", "settings-described", "readme-complete"}),
        ({"code": {}}, {"typed", "public-imports", "independent"}),
    ],
)
def test_what_cannot_be_judged_is_skipped_with_a_reason(change, skipped):
    found = [f for f in findings(replace(GOOD, **change)).values() if f.outcome is Outcome.SKIPPED]
    assert {finding.rule for finding in found} == skipped
    assert all(finding.problem and not finding.mend for finding in found)


def test_a_single_file_is_judged_by_what_it_has():
    alone = Package(Source.FILE, "mine.py", code={"mine.py": CODE}, plugins={"mine": ABOUT})
    kept = {name for name, finding in findings(alone).items() if finding.outcome is Outcome.PASSED}
    assert kept == {"declares-summary", "settings-described", "public-imports"}
