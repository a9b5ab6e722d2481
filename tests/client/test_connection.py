"""Over real WebSockets on loopback, against a scripted server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import socket

import pytest

from audiohook_fw import auth
from audiohook_fw.client import AudioSource, Closing, Decision, Environment, Timeline, Timing, probe, run_call
from audiohook_fw.protocol import (
    CloseReceived,
    Disconnect,
    DisconnectReason,
    ErrorReceived,
    EventMessage,
    Opened,
    OpenReceived,
    WireEntity,
)

QUICK = Timing(connect=1.0, open=0.2, close=0.3, first_ping=0.02, ping=0.1, pong=0.2, write=0.3, retry=0.01)
REJECT = Disconnect(reason=DisconnectReason.ERROR, info="full")


@pytest.fixture
def call(loopback, options):
    """Play a call of 2 s, ten times as fast, into the loopback server."""
    return lambda environment=None, observer=None, **given: run_call(
        options(**{"url": loopback.url, "speed": 10.0, "timing": QUICK} | given),
        environment=environment,
        observer=observer,
    )


async def test_a_call_over_a_socket(call, loopback):
    report = await call()
    assert report.as_scripted, report.outcome()
    assert report.expected_recording() == loopback.servers[0].recording()
    assert report.position == 16_000
    assert report.rtts
    await loopback.until(lambda: loopback.ended)
    assert loopback.ended == [1000]


async def test_the_headers_and_the_signature(call, loopback, ids):
    secret = b"0123456789abcdef0123456789abcdef"
    times = Environment(nonce=lambda: "A" * 24, wall=lambda: 1_700_000_000.7)
    loopback.url += "?tenant=%C3%A9"
    report = await call(times, secret=secret, api_key="SGVsbG8=", url=loopback.url)
    [headers] = loopback.headers
    assert loopback.targets == ["/audiohook/ws?tenant=%C3%A9"]
    assert headers["X-API-KEY"] == "SGVsbG8="
    assert headers["Audiohook-Organization-Id"] == ids.organization == report.ids.organization
    assert headers["Audiohook-Session-Id"] == report.ids.session
    assert headers["Audiohook-Correlation-Id"] == report.ids.correlation
    assert headers["Audiohook-Retry-Attempt"] == "0"
    assert headers["User-Agent"].startswith("GenesysCloud-AudioHook-Client")
    assert "Sec-WebSocket-Extensions" not in headers
    assert "created=1700000000;expires=1700000030" in headers["Signature-Input"]
    expected = auth.sign(
        target="/audiohook/ws?tenant=%C3%A9",
        authority=headers["Host"],
        headers=headers,
        secret=secret,
        key_id="SGVsbG8=",
        nonce="A" * 24,
        created=1_700_000_000,
        expires=1_700_000_030,
    )
    assert {name: headers[name] for name in expected} == expected


async def test_without_a_secret_nothing_is_signed(call, loopback):
    await call(duration=0.1)
    assert "Signature" not in loopback.headers[0]


async def test_further_headers_are_sent_and_change_no_signature(call, loopback):
    given = {"secret": b"secret", "duration": 0.1}
    environment = Environment(nonce=lambda: "A" * 24, wall=lambda: 1_700_000_000.0)
    await call(environment, **given)
    await call(environment, **given, headers={"X-Forwarded-For": "192.0.2.10", "Via": "1.1 proxy"})
    plain, more = loopback.headers
    assert (more["X-Forwarded-For"], more["Via"]) == ("192.0.2.10", "1.1 proxy")
    assert "X-Forwarded-For" not in plain
    assert more["Signature-Input"] == plain["Signature-Input"]
    assert "x-forwarded-for" not in more["Signature-Input"]


async def test_ids_are_new_for_each_call_and_come_from_the_environment(call, options, loopback):
    numbers = iter(range(1, 99))
    new = Environment(new_id=lambda: f"{next(numbers):08}-0000-4000-8000-000000000000")
    first = await call(new, duration=0.1, organization=None)
    assert len({*first.ids.__class__.__slots__}) == 5
    again = await call(new, duration=0.1)
    assert first.ids.organization.startswith("00000001")
    assert not {first.ids.session, first.ids.conversation} & {again.ids.session, again.ids.conversation}


async def test_pauses_and_discards_over_a_socket(call, loopback):
    timeline = Timeline.parse(["pause@0.3, resume@0.6", "discard@1+0.25", "congest@1.5+0.25"])
    report = await call(timeline=timeline, source=AudioSource.conversation())
    assert report.as_scripted, report.outcome()
    assert [(pause.start, pause.length) for pause in report.ledger.pauses] == [(2400, 2400)]
    assert [(gap.start, gap.length) for gap in report.ledger.discards] == [(8000, 2000), (12_000, 2000)]
    assert report.expected_recording() == loopback.servers[0].recording()


async def test_backlog_over_a_socket(call, loopback):
    report = await call(backlog=20.0, duration=20.0, frame_ms=4000.0)
    assert report.as_scripted, report.outcome()
    assert report.expected_recording() == loopback.servers[0].recording()
    assert report.sent["audio"] == 5


async def test_the_probe(loopback, options):
    report = await probe(options(url=loopback.url, timing=QUICK))
    assert report.decision is Decision.PROBE_OK
    assert report.as_scripted
    assert loopback.servers[0].of(OpenReceived)[0].open.is_probe


async def test_an_abrupt_end_leaves_the_server_what_was_sent(call, loopback):
    report = await call(timeline=Timeline.parse(["abort@1.05"]))
    assert report.as_scripted
    assert report.closing is Closing.ABORTED
    await loopback.until(lambda: loopback.ended)
    assert loopback.ended == [1006]
    assert loopback.servers[0].recording() == report.expected_recording()
    assert not loopback.servers[0].of(CloseReceived)


async def test_everything_is_shown_to_the_observer(call):
    seen: list[tuple[str, str | bytes]] = []
    await call(observer=lambda direction, data: seen.append((direction, data)), duration=0.1, timing=Timing())
    texts = [(way, json.loads(data)["type"]) for way, data in seen if isinstance(data, str)]
    assert texts[:2] == [(">", "open"), ("<", "opened")]
    assert texts[-2:] == [(">", "close"), ("<", "closed")]
    assert sum(len(data) for way, data in seen if way == ">" and isinstance(data, bytes)) == 1600


# What goes wrong, and what of it is tried again (protocol: retry of the first connection) ----------


@pytest.mark.parametrize("status", [302, 400, 401, 404, 503])
async def test_a_refused_upgrade_is_not_retried_and_not_followed(call, loopback, status):
    loopback.scripts = [status]
    report = await call(retries=3)
    assert report.decision is Decision.FAILED
    assert report.closing is Closing.REFUSED
    assert f"HTTP {status}" in report.problem
    assert report.attempts == len(loopback.headers) == 1


async def test_disconnect_error_is_retried_with_the_same_session(call, loopback, script):
    full = script(answer=lambda event: REJECT)
    loopback.scripts = [full, full, script()]
    report = await call(retries=5)
    assert report.as_scripted, report.outcome()
    assert report.attempts == 3
    assert report.earlier == ["rejected: error (full)"] * 2
    assert [headers["Audiohook-Retry-Attempt"] for headers in loopback.headers] == ["0", "1", "2"]
    assert len({headers["Audiohook-Session-Id"] for headers in loopback.headers}) == 1
    assert report.position == 16_000
    assert report.expected_recording() == loopback.servers[-1].recording()


async def test_retries_come_to_an_end(call, loopback, script):
    loopback.scripts = [script(answer=lambda event: REJECT)]
    report = await call(retries=2)
    assert (report.decision, report.attempts, len(loopback.headers)) == (Decision.REJECTED, 3, 3)


async def test_disconnect_completed_is_not_retried(call, loopback, script):
    said = Disconnect(reason=DisconnectReason.COMPLETED)
    loopback.scripts = [script(answer=lambda event: said)]
    report = await call(retries=2)
    assert (report.decision, report.attempts, report.reason) == (Decision.REJECTED, 1, "completed")


async def test_a_broken_upgrade_and_a_late_opened_are_retried(call, loopback, script):
    late = script(answer=lambda event: None)
    loopback.scripts = [ConnectionError, late, script()]
    report = await call(retries=2)
    assert report.as_scripted, report.outcome()
    assert len(report.earlier) == 2
    assert "broke off the upgrade" in report.earlier[0]
    assert report.earlier[1] == "no `opened` in time"
    assert [event.error.code for event in loopback.servers[0].of(ErrorReceived)] == [408]


async def test_the_wait_doubles(call, loopback, script):
    loopback.scripts = [script(answer=lambda event: REJECT)]
    waits: list[float] = []
    timing = Timing(retry=0.02)
    environment = Environment(chance=lambda: waits.append(asyncio.get_running_loop().time()) or 0.0)
    await call(environment, retries=3, timing=timing)
    gaps = [after - before for before, after in itertools.pairwise(waits)]
    assert gaps[0] >= 0.02
    assert gaps[1] >= 0.04


async def test_nobody_listens(options):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        report = await run_call(options(url=f"ws://127.0.0.1:{taken.getsockname()[1]}/", retries=3))
    assert (report.closing, report.attempts) == (Closing.UNREACHABLE, 1)
    assert "cannot be reached" in report.problem


async def test_tls_and_a_certificate_that_is_not_trusted(tls_loopback, options):
    server, trusting = tls_loopback
    given = {"url": server.url, "speed": 20.0, "timing": QUICK}
    assert (await run_call(options(**given, tls=trusting))).as_scripted
    report = await run_call(options(**given, retries=2))
    assert (report.closing, report.attempts) == (Closing.UNREACHABLE, 1)
    assert report.problem.endswith("is not trusted")


async def test_tls_where_none_is_spoken_and_the_other_way_round(loopback, tls_loopback, options):
    there = loopback.url.removeprefix("ws://").partition("/")[0]
    report = await run_call(options(url=loopback.url.replace("ws://", "wss://")))
    assert (report.closing, report.attempts) == (Closing.UNREACHABLE, 1)
    assert report.problem == f"{there} does not speak TLS; try ws://"
    report = await run_call(options(url=tls_loopback[0].url.replace("wss://", "ws://")))
    assert report.closing is Closing.UNREACHABLE
    assert report.problem.endswith("; if it speaks TLS, try wss://")


async def test_a_tls_handshake_that_is_broken_off(options):
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    there = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        report = await run_call(options(url=f"wss://{there}/"))
    assert report.closing is Closing.UNREACHABLE
    assert report.problem.startswith(f"{there} ")
    assert "operation not permitted" not in report.problem


async def test_a_tls_handshake_that_fails(options):
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # the fatal alert "handshake failure"
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        report = await run_call(options(url=f"wss://127.0.0.1:{port}/"))
    assert report.closing is Closing.UNREACHABLE
    assert report.problem.startswith(f"127.0.0.1:{port} could not agree on TLS: ")
    assert "handshake failure" in report.problem


async def test_a_server_that_never_answers_the_upgrade(options):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"ws://127.0.0.1:{mute.getsockname()[1]}/"
        report = await run_call(options(url=url, retries=1, timing=Timing(connect=0.05, retry=0.01)))
    assert (report.closing, report.attempts) == (Closing.UNREACHABLE, 2)
    assert report.problem.endswith("did not answer the upgrade in time")


async def test_a_connection_that_is_lost_in_mid_call(call, loopback, script):
    loopback.scripts = [script(says=[(0.05, "END")])]
    report = await call(retries=3)
    assert (report.decision, report.closing, report.attempts) == (Decision.ACCEPTED, Closing.LOST, 1)
    assert report.problem == "the server closed the connection in mid call"
    assert not report.as_scripted


async def test_a_server_that_stops_reading(options):
    """It opens and then never reads again: the buffers fill, and the client gives up."""
    done = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _upgrade(reader, writer)
        await done.wait()
        writer.transport.abort()

    server = await asyncio.start_server(mute, "127.0.0.1", 0, limit=2**12)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    timing = Timing(open=30.0, pong=30.0, write=0.2)
    report = await run_call(
        options(url=url, duration=80_000.0, speed=1000.0, frame_ms=4000.0, timing=timing, keep_audio=False)
    )
    done.set()
    server.close()
    await asyncio.sleep(0)
    assert report.problem == "the server stopped reading in mid call"
    assert report.closing is Closing.LOST


async def _upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if line)
    accept = hashlib.sha1((headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
    answer = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n"
    media = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
    opened = json.dumps(
        {
            "version": "2",
            "type": "opened",
            "id": headers["Audiohook-Session-Id"],
            "seq": 1,
            "clientseq": 1,
            "parameters": {"media": [media]},
        }
    ).encode()
    writer.write(answer.format(base64.b64encode(accept.digest()).decode()).encode())
    writer.write(bytes([0x81, 126]) + len(opened).to_bytes(2, "big") + opened)


async def test_flooding_gets_429_over_a_socket(call, loopback, script):
    event = EventMessage(entities=[WireEntity(type="transcript", data={"n": 1})])
    loopback.scripts = [script(says=[(0.01, event)] * 30)]
    report = await call()
    assert report.limited >= 1
    assert {event.error.code for event in loopback.servers[0].of(ErrorReceived)} == {429}
    assert report.decision is Decision.ACCEPTED


async def test_cancelling_breaks_the_call_off(call, loopback, script):
    task = asyncio.create_task(call(duration=60.0, speed=1.0))
    await loopback.until(lambda: loopback.servers and loopback.servers[0].audio)
    before = asyncio.all_tasks()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await loopback.until(lambda: loopback.ended)
    assert loopback.ended == [1006]
    assert asyncio.all_tasks() < before, "no task was left behind"


async def test_the_selected_media_is_what_is_sent(call, loopback, script):
    loopback.scripts = [script(answer=lambda event: Opened(media=[event.open.media[2]]))]
    report = await call()
    assert report.media.channels == ("internal",)
    assert report.expected_recording() == loopback.servers[0].recording()
    assert report.ledger.audio_bytes == 16_000


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "127.0.0.1:8080", "ws://", "ws://host:99999/", ""])
async def test_an_address_that_is_none(options, url):
    with pytest.raises(ValueError, match="is no address of a server"):
        await run_call(options(url=url))
