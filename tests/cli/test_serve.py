"""`serve` as a process: it starts, serves, reloads and ends as asked, and says nothing that is secret."""

from __future__ import annotations

import re
import shlex
import signal
import stat
import subprocess
import sys
import urllib.request

import pytest

API_KEY = "planted-api-key"
SECRET = "cGxhbnRlZC1zZWNyZXQ="
ANI = "tel:+15555550177"
KEY = f'[[auth.keys]]\nname = "planted"\napi_key = "{API_KEY}"\nsecrets = ["{SECRET}"]\n'
URL = r"calls are taken at (\S+)"

pytestmark = pytest.mark.usefixtures("no_grace")


@pytest.fixture
def configured(place):
    """A file with one key."""
    (place / "audiohook.toml").write_text(KEY, encoding="utf-8")
    return place / "audiohook.toml"


def _simulate(process, url, *args):
    return process("simulate", url, "--api-key", API_KEY, "--secret", SECRET, "--speed", "50", *args)


def test_a_call_and_an_orderly_end(configured, serve, process, place):
    server = serve("--port", "0")
    url = server.wait_for(URL)[1]
    server.wait_for(r"plugins: .*recorder active")
    assert _simulate(process, url, "--duration", "3").status == 0
    assert server.end(signal.SIGTERM) == 0
    assert len(list((place / "recordings").glob("*.wav"))) == 1
    assert any("stopped" in line for line in server.lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it(configured, serve, number):
    server = serve("--port", "0")
    server.wait_for(URL)
    assert server.end(number) == 0


def test_the_second_signal_forces(configured, serve, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SERVER__BALANCER_GRACE", "60")
    server = serve("--port", "0")
    server.wait_for(URL)
    server.send(signal.SIGTERM)
    server.wait_for("stopping")
    assert server.end(signal.SIGTERM) == 1


def test_it_tells_where_the_admin_token_is(configured, serve, place):
    server = serve("--port", "0")
    match = server.wait_for(r"admin port at (\S+), its token is in (\S+)")
    url, file = match[1], place / match[2]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text(encoding="utf-8").strip()
    request = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert b"audiohook_plugins" in answer.read()


def test_host_port_and_plugins_come_from_the_command_line(configured, serve):
    server = serve("--host", "localhost", "--port", "0", "-p", "no:recorder")
    assert "//localhost:" in server.wait_for(URL)[1]
    server.wait_for("plugins: .*recorder disabled")


def test_keys_are_read_again_on_sighup(configured, serve, process):
    configured.write_text(KEY.replace(API_KEY, "another"), encoding="utf-8")
    server = serve("--port", "0")
    url = server.wait_for(URL)[1]
    assert _simulate(process, url, "--probe").status != 0
    configured.write_text(KEY, encoding="utf-8")
    server.send(signal.SIGHUP)
    server.wait_for("reloaded: 1 keys")
    assert _simulate(process, url, "--probe").status == 0


def test_nothing_secret_or_personal_is_logged(configured, serve, process, monkeypatch):
    """The log of a whole call at debug level; the markers are found where they are meant to be."""
    monkeypatch.setenv("AUDIOHOOK_TELEMETRY__LOG_LEVEL", "debug")
    server = serve("--port", "0")
    url = server.wait_for(URL)[1]
    result = _simulate(process, url, "--duration", "2", "--ani", ANI, "-v")
    assert result.status == 0
    assert ANI in result.err, "the simulator shows every message with -v"
    assert server.end() == 0
    log = "\n".join(server.lines)
    assert "planted" in log, "the key's name is for logs"
    for marker in (API_KEY, SECRET, ANI, "+15555550177"):
        assert marker not in log


def test_dev_and_the_line_it_prints_work_together(serve, place):
    server = serve("--dev", "--port", "0")
    line = server.wait_for(r"^  (\S.* simulate .*)$")[1]
    words = shlex.split(line)
    simulate = [sys.executable, *words[words.index("-m") :], "--speed", "50", "--duration", "5"]
    done = subprocess.run(simulate, cwd=place, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 accepted" in done.stdout
    assert server.end(signal.SIGINT) == 0
    assert len(list((place / "recordings").glob("*.wav"))) == 1


def test_dev_keeps_its_secrets_out_of_log_and_files(serve, place, tmp_path):
    server = serve("--dev", "--port", "0")
    found = {name: server.wait_for(rf"^  {name} +(\S+)$")[1] for name in ("API key", "Secret")}
    token = server.wait_for(r"Authorization: Bearer (\S+)'")[1]
    assert server.end() == 0
    logged = [line for line in server.lines if re.match(r"\d{4}-", line)]
    assert logged
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (*found.values(), token):
        assert not any(secret in line for line in logged)
        assert not any(secret.encode() in path.read_bytes() for path in files)


def test_dev_prints_a_way_to_the_metrics(serve):
    server = serve("--dev", "--port", "0")
    match = server.wait_for(r"curl -H '(Authorization): (Bearer \S+)' (\S+)")
    with urllib.request.urlopen(urllib.request.Request(match[3], headers={match[1]: match[2]})) as answer:
        assert answer.status == 200


def test_dev_uses_no_other_key(configured, serve, process):
    server = serve("--dev", "--port", "0")
    assert _simulate(process, server.wait_for(URL)[1], "--probe").status != 0


def test_two_dev_servers_run_side_by_side(serve, monkeypatch):
    monkeypatch.delenv("AUDIOHOOK_SERVER__ADMIN_PORT")
    urls = {serve("--dev", "--port", "0").wait_for(URL)[1] for _ in range(2)}
    assert len(urls) == 2


@pytest.mark.parametrize("setting", ["HOST", "ADMIN_HOST"])
@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1", "example.com"])
def test_dev_refuses_other_hosts(command, monkeypatch, place, setting, host):
    (place / "audiohook.toml").write_text(f'[server]\n{setting.lower()} = "{host}"\n', encoding="utf-8")
    result = command("serve", "--dev")
    assert result.status == 2
    (line,) = result.errors
    assert f"server.{setting.lower()} is {host or 'every interface'} (from audiohook.toml" in line


def test_a_plugin_that_finds_keys_is_enough(serve, place):
    (place / "finder.py").write_text(
        "from audiohook_fw import hookimpl\n@hookimpl\ndef find_credential(api_key): ...\n", encoding="utf-8"
    )
    server = serve("--port", "0", "-p", "finder")
    server.wait_for("plugins: .*finder active, .*recorder active")
    assert server.end() == 0


def test_a_broken_plugin_does_not_keep_it_from_serving(configured, serve, process, place):
    (place / "mine").mkdir()
    (place / "mine" / "broken.py").write_text("raise RuntimeError('planted')", encoding="utf-8")
    server = serve("--port", "0", "--plugins-dir", "mine")
    server.wait_for("plugin broken failed: cannot be imported: RuntimeError: planted")
    url = server.wait_for(URL)[1]
    server.wait_for("plugins: .*recorder active, .*broken failed")
    assert _simulate(process, url, "--duration", "1").status == 0


@pytest.mark.parametrize("options", [(), ("--dev",)])
@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("broken.py", "broken: was asked for with -p but failed: cannot be imported: RuntimeError: planted"),
        ("no:broken", "broken: is left out by -p no:broken but not installed; found are: "),
    ],
)
def test_what_was_asked_for_and_is_not_there_is_the_only_line(
    configured, process, place, options, asked, problem
):
    (place / "broken.py").write_text("raise RuntimeError('planted')", encoding="utf-8")
    result = process("serve", "--port", "0", "-p", asked, *options)
    assert (result.status, result.out) == (2, "")
    (line,) = result.errors
    assert line.startswith(f"Error: plugin {problem}")


def test_without_a_key_too_what_was_asked_for_comes_first(command):
    result = command("serve", "-p", "nope")
    assert result.status == 2
    (line,) = result.errors
    assert line.startswith("Error: plugin nope: was asked for with -p but failed: ")


def test_it_warns_of_sections_without_a_plugin_and_of_secrets_that_others_may_read(configured, serve):
    configured.write_text(KEY + "[plugins.recordr]\ndirectory = 'x'\n", encoding="utf-8")
    configured.chmod(0o644)
    server = serve("--port", "0")
    server.wait_for(
        r"WARNING .*: plugins.recordr \(from audiohook.toml, \[plugins.recordr\] directory\): "
        r"there is no plugin of this name; did you mean recorder\?"
    )
    server.wait_for("WARNING .*: audiohook.toml holds secrets, and not only its owner may read it; chmod 600")
    server.wait_for(URL)
