"""Every kind as it is generated: its style, its types, its tests, its wheel, and what a server sees of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from audiohook_fw.cli.main import run
from audiohook_fw.cli.scaffold import KindName

pytestmark = pytest.mark.timeout(900)  # minutes of work on a slow machine

KINDS = list(KindName)
LONGEST = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Each kind in a directory of its own, in one for all."""
    directory = tmp_path_factory.mktemp("made")
    for kind in KINDS:
        assert run(["plugin", "new", f"my_{kind}", "--kind", kind, "--into", str(directory)]) == 0
    return directory


def folder(made, kind):
    return made / f"audiohook-fw-my-{kind}"


def test_style(environment, made, tmp_path):
    for kind in KINDS:  # lines are longest with long names, and imports sort otherwise with short ones
        for name in (f"{kind}_".ljust(LONGEST, "x"), f"z{kind[:2]}", "session"):
            assert run(["plugin", "new", name, "--kind", kind, "--into", str(tmp_path / kind)]) == 0
    where = f"{made} {tmp_path}"
    environment.sh(f"ruff check --no-cache {where} && ruff format --no-cache --check {where}", tmp_path)


def test_types(environment, made, tmp_path):
    for kind in KINDS:
        said = environment.sh(f"mypy --cache-dir {tmp_path}/cache", folder(made, kind))
        assert said.startswith("Success")


def test_their_own_tests(environment, made):
    def test(kind):
        where = folder(made, kind)
        return environment.sh("pytest -q -p no:cacheprovider", where, PYTHONPATH=str(where))

    with ThreadPoolExecutor(2) as pool:
        for said in pool.map(test, KINDS):
            assert " passed in " in said
            assert "skipped" not in said


@pytest.fixture
def installed(environment, made, tmp_path):
    """The wheels of all kinds, installed."""
    names = " ".join(str(folder(made, kind)) for kind in KINDS)
    environment.sh(f"pip wheel -q -w wheels {names} && pip install -q wheels/*.whl", tmp_path)
    yield environment
    environment.sh(f"pip uninstall -q -y {' '.join(f'audiohook-fw-my-{kind}' for kind in KINDS)}", tmp_path)


def test_all_are_installed_listed_and_checked(installed, made, tmp_path):
    environment = installed
    plugins = {p["name"]: p for p in json.loads(environment.sh("audiohook-fw plugins --json", tmp_path))}
    for kind in KINDS:
        found = plugins[f"my_{kind}"]
        assert (found["status"], found["distribution"]) == ("active", f"audiohook-fw-my-{kind}")
        assert found["summary"]
        assert found["hooks"]
    assert plugins["my_asr"]["emits"] == ["speech_ended", "speech_started", "transcript"]
    assert plugins["my_asr"]["hooks"]["on_audio"] == "lane"
    assert plugins["my_storage"]["hooks"]["on_audio"] == "inline"
    assert plugins["my_policy"]["on_failure"] == "reject"
    assert plugins["my_analysis"]["emits"] == ["my_analysis.found"]

    def check(kind):
        # The installed one and the directory in turn: both ways must do.
        target = f"my_{kind}" if kind in ("asr", "policy") else str(folder(made, kind))
        return json.loads(environment.sh(f"audiohook-fw plugin check {target} --json", tmp_path))

    with ThreadPoolExecutor(2) as pool:
        for kind, report in zip(KINDS, pool.map(check, KINDS), strict=True):
            skipped = {rule["rule"] for rule in report["rules"] if rule["outcome"] != "passed"}
            assert skipped == ({"tests-contract"} if kind in ("asr", "policy") else set())


def test_files(made):
    for kind in KINDS:
        names = {
            p.relative_to(folder(made, kind)).as_posix() for p in folder(made, kind).rglob("*") if p.is_file()
        }
        module = f"audiohook_fw_my_{kind}"
        wanted = [
            "pyproject.toml",
            "README.md",
            "LICENSE",
            "CHANGELOG.md",
            ".gitignore",
            ".github/workflows/ci.yml",
        ]
        wanted += [f"{module}/{name}" for name in ("__init__.py", "plugin.py", "settings.py", "py.typed")]
        wanted += ["tests/test_contract.py", "tests/test_plugin.py"]
        assert set(wanted) <= names
        assert not [name for name in names if "@@" in (folder(made, kind) / name).read_text(encoding="utf-8")]
        ci = (folder(made, kind) / ".github/workflows/ci.yml").read_text(encoding="utf-8")
        assert "${{ matrix.python }}" in ci
        assert all(version in ci for version in ("3.11", "3.12", "3.13"))
