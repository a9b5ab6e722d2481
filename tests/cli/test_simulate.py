"""The simulate command against the real server, and everything that may go wrong before and in a call."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from aiohttp import web
from pydantic import SecretStr

from audiohook_fw import audio
from audiohook_fw.audio import WavWriter
from audiohook_fw.cli.main import run
from audiohook_fw.config import AuthSettings, KeySettings, Loaded, PluginsSettings, ServerSettings, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.server import AudiohookServer

KEY, SECRET = "dGhlLWtleQ==", "dGhlIHNlY3JldCBvZiB0aGUga2V5"
QUICK = ["--tone", "--duration", "1", "--speed", "20"]
NOWHERE = "ws://127.0.0.1:1/"


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, object]:
        """The only call in the JSON that was printed."""
        [report] = json.loads(self.out)["calls"]
        return report


Simulate = Callable[..., Awaitable[Result]]


@pytest.fixture
def simulate(capsys: pytest.CaptureFixture[str]) -> Simulate:
    """Run the command in a thread, where it may have its own event loop."""

    async def call(*args: str) -> Result:
        status = await asyncio.to_thread(run, ["simulate", *args])
        return Result(status, *capsys.readouterr())

    return call


def _server(server: ServerSettings, **auth: object) -> AudiohookServer:
    key = KeySettings(name="test", api_key=SecretStr(KEY), secrets=[SecretStr(SECRET)])
    settings = Settings(
        server=server,
        auth=AuthSettings.model_validate({"keys": [key], "failure_delay": 0.01, **auth}),
        plugins=PluginsSettings(enabled=[]),
    )
    loaded = Loaded.of(settings, {})
    plugins = load_plugins(settings.plugins, loaded.plugin_section, settings.limits)
    return AudiohookServer(loaded, plugins)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A running server without plugins."""
    async with _server(ServerSettings(port=0, admin_port=None, reconnect_spread=0.0)) as server:
        yield server.url


@pytest.fixture
async def fenced_url() -> AsyncIterator[str]:
    """A server behind a proxy, this machine, that lets one address in."""
    async with _server(
        ServerSettings(
            port=0, admin_port=None, reconnect_spread=0.0, trusted_proxies=[ip_network("127.0.0.1")]
        ),
        allowed_addresses=[ip_network("192.0.2.1")],
    ) as server:
        yield server.url


@pytest.fixture
def keys() -> list[str]:
    return ["--api-key", KEY, "--secret", SECRET]


async def test_a_call_is_summed_up(simulate: Simulate, url: str, keys: list[str]):
    result = await simulate(url, *keys, *QUICK)
    assert result.status == 0, result
    lines = result.out.splitlines()
    assert lines[0].startswith("session   ")
    assert lines[1] == "calls     1, 1 of them as scripted"
    assert "outcome   1 accepted" in lines
    assert "media     PCMU external+internal" in lines
    assert "audio     1.0 s sent (16,000 bytes)" in lines
    assert "received  opened 1, closed 1" in lines
    assert result.err == ""


async def test_json_holds_every_call_and_the_totals(simulate: Simulate, url: str, keys: list[str]):
    result = await simulate(url, *keys, *QUICK, "--calls", "3", "--rate", "100", "--json")
    told = json.loads(result.out)
    assert result.status == 0
    assert told["summary"]["calls"] == told["summary"]["as_scripted"] == len(told["calls"]) == 3
    assert len({call["session"] for call in told["calls"]}) == 3
    assert len({call["organization"] for call in told["calls"]}) == 1
    assert told["summary"]["audio_seconds"] == 3.0


async def test_a_timeline_is_played(simulate: Simulate, url: str, keys: list[str]):
    result = await simulate(
        url, *keys, "--tone", "--duration", "6", "--speed", "20", "--backlog", "1", "--json",
        "--at", "pause@1, resume@2", "--at", "discard@3+0.5", "--at", "congest@4+0.5",
        "--at", "update@5=de-DE,error@5.5=400",
    )  # fmt: skip
    assert result.status == 0, result
    report = result.report
    assert report["pauses"] == [{"start": 8000, "length": 8000, "client": True, "server": False}]
    assert report["discards"] == [[24_000, 4000], [32_000, 4000]]
    assert report["position"] == 48_000
    assert report["received"] == {"opened": 1, "updated": 1, "closed": 1}


async def test_an_abrupt_end_is_as_scripted(simulate: Simulate, url: str, keys: list[str]):
    result = await simulate(url, *keys, *QUICK, "--at", "abort@0.5", "--json")
    assert (result.status, result.report["closing"], result.report["position"]) == (0, "aborted", 4000)


async def test_a_file_is_played(simulate: Simulate, url: str, keys: list[str], tmp_path):
    path = tmp_path / "call.wav"
    with WavWriter(path, MediaFormat("L16", ("external", "internal"), 16_000)) as writer:
        tone = audio.tone(440, 0.5, 16_000)
        writer.write(audio.interleave(tone, tone).tobytes())
    result = await simulate(url, *keys, "--wav", str(path), "--speed", "20", "--frame-ms", "20", "--json")
    assert result.status == 0
    assert (result.report["position"], result.report["sent"]["audio"]) == (4000, 25)


async def test_the_probe(simulate: Simulate, url: str, keys: list[str]):
    result = await simulate(url, *keys, "--probe", "--json")
    assert (result.status, result.report["decision"]) == (0, "probe ok")


async def test_verbose_prints_every_message_and_only_then_personal_data(
    simulate: Simulate, url: str, keys: list[str]
):
    who = [
        "--ani",
        "tel:+4930",
        "--dnis",
        "tel:+4989",
        "--custom-config",
        '{"queue": "vip"}',
        "--language",
        "de",
    ]
    loud = await simulate(url, *keys, *QUICK, *who, "-v", "--json")
    for told in ("tel:+4930", "tel:+4989", '"queue":"vip"', '"language":"de"', "audio, 3200 bytes", "closed"):
        assert told in loud.err
    assert KEY not in loud.err + loud.out
    assert SECRET not in loud.err + loud.out
    quiet = await simulate(url, *keys, *QUICK, *who)
    assert not any(told in quiet.out + quiet.err for told in ("+4930", "+4989", "vip", KEY, SECRET))


async def test_keys_may_come_from_the_environment(simulate: Simulate, url: str, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SIMULATE_API_KEY", KEY)
    monkeypatch.setenv("AUDIOHOOK_SIMULATE_SECRET", SECRET)
    assert (await simulate(url, *QUICK)).status == 0


# What ends otherwise than scripted: status 1 --------------------------------------------------------


@pytest.fixture
async def rejecting() -> AsyncIterator[str]:
    """A server that declines every call."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        session = request.headers["Audiohook-Session-Id"]
        for number, said in ((1, ("disconnect", {"reason": "completed", "info": "no"})), (2, ("closed", {}))):
            await answer.receive()
            head = {"version": "2", "id": session, "seq": number, "clientseq": number}
            await answer.send_json(head | {"type": said[0], "parameters": said[1]})
        await answer.receive()
        return answer

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_a_rejection_is_status_1(simulate: Simulate, rejecting: str):
    result = await simulate(rejecting, "--api-key", KEY, *QUICK, "--calls", "2", "--rate", "100")
    assert result.status == 1
    assert "outcome   2 rejected: completed (no)" in result.out
    assert result.out.count("  rejected: completed (no)\n") == 2
    assert result.err == ""


# What is wrong with the command, or the connection: status 2 and one line ----------------------------


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([NOWHERE], "'--api-key'"),
        ([NOWHERE, "--api-key", "no spaces"], "the API key may hold"),
        ([NOWHERE, "--api-key", KEY, "--secret", "%%%"], "the secret is not base64"),
        ([NOWHERE, "--api-key", KEY, "--organization", "acme"], "the organization id is not a UUID"),
        ([NOWHERE, "--api-key", KEY, "--wav", "/no/such/file.wav"], "/no/such/file.wav: No such file"),
        (
            [NOWHERE, "--api-key", KEY, "--wav", __file__],
            f"Error: {__file__}: this is not a WAV file",
        ),
        ([NOWHERE, "--api-key", KEY, "--wav", "a.wav", "--tone"], "give one of them"),
        ([NOWHERE, "--api-key", KEY, "--custom-config", "[1]"], "--custom-config must be a JSON object"),
        ([NOWHERE, "--api-key", KEY, "--custom-config", "{"], "--custom-config must be a JSON object"),
        ([NOWHERE, "--api-key", KEY, "--at", "jump@3"], "'jump@3' is no action"),
        ([NOWHERE, "--api-key", KEY, "--at", "pause@300"], "after the end of the call"),
        ([NOWHERE, "--api-key", KEY, "--speed", "0"], "the speed is above 0"),
        ([NOWHERE, "--api-key", KEY, "--rate", "0"], "--rate must be above 0"),
        ([NOWHERE, "--api-key", KEY, "--calls", "0"], "'--calls'"),
        ([NOWHERE, "--api-key", KEY, "--backlog", "21"], "'--backlog'"),
        (["http://127.0.0.1", "--api-key", KEY], "is no address of a server"),
        ([NOWHERE, "--api-key", KEY, "--header", "X-Any"], "--header must be a name, a colon and a value"),
        ([NOWHERE, "--api-key", KEY, "--header", "A: 1", "--header", "a:2"], "--header: a is given twice"),
        ([NOWHERE, "--api-key", KEY, "--header", "Host: x"], "the header 'Host' cannot be added"),
        ([NOWHERE, "--api-key", KEY, "--header", ": x"], "the header '' cannot be added"),
        ([NOWHERE, "--api-key", KEY, "--nonsense"], "--nonsense"),
    ],
    ids=lambda value: " ".join(value[3:]) or "no key" if isinstance(value, list) else "",
)
async def test_bad_usage_is_one_line_and_status_2(simulate: Simulate, args: list[str], told: str):
    result = await simulate(*args)
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("Error: ")
    assert result.err.count("\n") == 1
    assert told in result.err


async def test_an_unreachable_host_is_one_line_and_status_2(simulate: Simulate):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = await simulate(f"ws://{address}/", "--api-key", KEY, *QUICK)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"Error: {address} cannot be reached: ")
    assert result.err.count("\n") == 1


async def test_a_wrong_secret_is_one_line_and_status_2(simulate: Simulate, url: str):
    result = await simulate(url, "--api-key", KEY, "--secret", "d3Jvbmc=", *QUICK)
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "Error: the server refused the upgrade with HTTP 401: "
        "check the API key, the secret, the organization, this machine's clock, "
        "and whether this address may connect\n"
    )


async def test_headers_are_sent_as_a_proxy_would(simulate: Simulate, fenced_url: str, keys: list[str]):
    proxy = ("--header", "X-Forwarded-For: 192.0.2.1", "--header", "X-Any:a:b ")
    assert (await simulate(fenced_url, *keys, *QUICK, *proxy)).status == 0
    refused = await simulate(fenced_url, *keys, *QUICK, "--header", "x-forwarded-for: 192.0.2.2")
    assert refused.status == 2
    assert "whether this address may connect" in refused.err


async def test_json_is_printed_even_without_a_connection(simulate: Simulate, url: str):
    result = await simulate(url, "--api-key", KEY, *QUICK, "--json")
    assert result.status == 2
    assert result.report["closing"] == "refused"
    assert result.err.count("\n") == 1
