"""Pauses, discards, backlog and congestion: what goes out, and whether both sides count alike.

The oracle is `ServerProtocol`: what it heard must be what the report says that a recording holds.
"""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiohook_fw.client import (
    AudioSource,
    CallReport,
    ClientCall,
    CongestAt,
    DiscardAt,
    ErrorAt,
    PauseAt,
    ResumeAt,
    Style,
    Timeline,
    UpdateAt,
)
from audiohook_fw.protocol import (
    ClientPause,
    DiscardedReceived,
    MediaFormat,
    Opened,
    Pause,
    PausedReceived,
    Resume,
    ResumedReceived,
    ServerProtocol,
)


def answers(played):
    """Return the client's pauses and discards as (type, position, start, length), in seconds."""
    found = []
    for _, out in played.sent:
        if isinstance(out, str):
            message = json.loads(out)
            times = [message["position"], *(message["parameters"].get(n) for n in ("start", "discarded"))]
            if message["type"] in ("paused", "resumed", "discarded"):
                found.append((message["type"], *(float(t[2:-1]) for t in times if t is not None)))
    return found


def timeline(*texts):
    return Timeline.parse(texts)


def agree(played):
    """Both sides have the same positions, gaps and bytes."""
    report, server = played.report, played.server
    assert report.position == server.protocol.clock.position
    assert report.expected_recording() == server.recording()
    assert len(server.recording()) == report.position * report.media.frame_width
    return report


# The two flags (protocol: pause semantics), row by row. Frames are 200 ms, so that a server's pause at
# 0.45 s begins at 0.4 s, up to which audio was sent; the client's own begin where the script says.
ROWS = {
    "server pauses, server resumes": (
        "",
        [(0.45, Pause()), (1.45, Resume())],
        [("paused", 0.4), ("resumed", 1.45, 0.4, 1.05)],
    ),
    "client pauses, client resumes": (
        "pause@0.5, resume@1",
        [],
        [("paused", 0.5), ("resumed", 1.0, 0.5, 0.5)],
    ),
    "client pauses, server pauses on top and resumes, client resumes": (
        "pause@0.5, resume@1.5",
        [(0.75, Pause()), (0.95, Resume())],
        [("paused", 0.5), ("paused", 0.75), ("paused", 0.95), ("resumed", 1.5, 0.5, 1.0)],
    ),
    "server pauses, client pauses on top and resumes: nothing is sent": (
        "pause@0.8, resume@1",
        [(0.45, Pause()), (1.45, Resume())],
        [("paused", 0.4), ("paused", 0.8), ("resumed", 1.45, 0.4, 1.05)],
    ),
    "both pause, the server resumes first": (
        "pause@0.8, resume@1.5",
        [(0.45, Pause()), (0.95, Resume())],
        [("paused", 0.4), ("paused", 0.8), ("paused", 0.95), ("resumed", 1.5, 0.4, 1.1)],
    ),
    "resume while active": ("", [(0.45, Resume())], [("resumed", 0.4, 0.4, 0.0)]),
    "pause while paused": (
        "",
        [(0.45, Pause()), (0.75, Pause()), (0.95, Resume())],
        [("paused", 0.4), ("paused", 0.75), ("resumed", 0.95, 0.4, 0.55)],
    ),
    "a pause that does not end": ("pause@0.5", [], [("paused", 0.5)]),
    "paused from the start": ("pause@0, resume@1", [], [("paused", 0.0), ("resumed", 1.0, 0.0, 1.0)]),
}


@pytest.mark.parametrize("row", ROWS)
def test_two_pause_flags(play, script, row):
    text, says, expected = ROWS[row]
    played = play(script(says=says), timeline=timeline(text))
    assert answers(played) == [_approx(answer) for answer in expected]
    assert agree(played).as_scripted


def _approx(answer):
    return (answer[0], *(pytest.approx(value, abs=1e-6) for value in answer[1:]))


def test_start_paused_is_answered_at_once(play, script):
    start = script(
        answer=lambda event: Opened(media=[event.open.media[0]], start_paused=True), says=[(1.0, Resume())]
    )
    played = play(start)
    assert answers(played)[0] == ("paused", 0.0)
    [pause] = agree(played).ledger.pauses
    assert (pause.start, pause.length, pause.client, pause.server) == (0, 8000, False, True)
    assert played.server.of(PausedReceived)[0].client is ClientPause.NO


def test_no_audio_flows_in_a_pause_and_the_audio_of_that_time_is_gone(play):
    played = play(timeline=timeline("pause@0.5, resume@1.25"))
    report = agree(played)
    assert [(span.position, span.length) for span in report.ledger.spans] == [(0, 4000), (10_000, 6000)]
    media = report.media
    sent = b"".join(out for _, out in played.sent if isinstance(out, bytes))
    tone = AudioSource.tone()
    assert sent == tone.payload(0, 4000, media) + tone.payload(10_000, 6000, media)
    assert played.server.protocol.dropped_audio == 0


def test_a_discard_removes_audio_and_says_so_at_once(play):
    played = play(timeline=timeline("discard@0.5+0.75"))
    report = agree(played)
    assert answers(played) == [("discarded", 1.25, 0.5, 0.75)]
    assert [(gap.start, gap.length) for gap in report.ledger.discards] == [(4000, 6000)]
    assert [(span.position, span.length) for span in report.ledger.spans] == [(0, 4000), (10_000, 6000)]


def test_congestion_says_afterwards_what_was_lost(play):
    played = play(timeline=timeline("congest@0.5+0.75, error@0.9=400"))
    report = agree(played)
    types = [json.loads(out)["type"] if isinstance(out, str) else "audio" for _, out in played.sent[:-1]]
    between = types[types.index("error") : types.index("discarded")]
    assert "audio" not in between
    assert answers(played) == [("discarded", 1.25, 0.5, 0.75)]
    assert report.as_scripted


def test_a_pause_ends_a_congestion(play):
    played = play(timeline=timeline("congest@0.5+1, pause@0.75, resume@1"))
    agree(played)
    assert answers(played) == [
        ("discarded", 0.75, 0.5, 0.25),
        ("paused", 0.75),
        ("resumed", 1.0, 0.75, 0.25),
    ]


def test_a_congestion_at_the_end_is_accounted_for(play):
    report = agree(play(timeline=timeline("congest@1+5")))
    assert report.position == 16_000
    assert [(gap.start, gap.length) for gap in report.ledger.discards] == [(8000, 8000)]


def test_a_discard_in_a_servers_pause_cannot_be_played(play, script):
    report = agree(play(script(says=[(0.2, Pause())]), timeline=timeline("discard@1+0.5")))
    assert report.problem == "discard@1 could not be played: no audio flowed then"
    assert not report.as_scripted


@pytest.mark.parametrize("frame_ms", [100.0, 4000.0])
def test_backlog_comes_at_once_after_opened(play, frame_ms):
    played = play(backlog=20.0, duration=21.0, frame_ms=frame_ms)
    at_once = [out for at, out in played.sent if isinstance(out, bytes) and at <= 0.02]
    assert sum(map(len, at_once)) == 20 * 16_000
    assert max(map(len, at_once)) == frame_ms * 16
    assert agree(played).position == 21 * 8000
    assert played.sent[-2][0] == pytest.approx(1.01)


def test_what_happens_in_the_backlog_happens_in_order(play):
    played = play(backlog=10.0, duration=10.0, timeline=timeline("pause@2, resume@5, discard@7+1"))
    agree(played)
    assert answers(played) == [("paused", 2.0), ("resumed", 5.0, 2.0, 3.0), ("discarded", 8.0, 7.0, 1.0)]


@pytest.mark.parametrize(("discard_to", "skipped"), [(4.0, 4.0), (99.0, 10.0), (0.0, 0.0)])
def test_discard_to_skips_what_is_buffered(play, script, discard_to, skipped):
    answer = script(
        answer=lambda event: Opened(
            media=[event.open.media[0]], discard_to=timedelta(seconds=discard_to), start_paused=False
        )
    )
    played = play(answer, backlog=10.0, duration=11.0)
    agree(played)
    expected = [("discarded", skipped, 0.0, skipped)] if skipped else []
    assert answers(played) == expected
    assert sum(len(out) for _, out in played.sent if isinstance(out, bytes)) == (11 - skipped) * 16_000


def test_a_retry_offers_what_was_lost_up_to_twenty_seconds(play):
    late = play(waited=1.5)
    assert sum(len(out) for at, out in late.sent if isinstance(out, bytes) and at <= 0.02) == 1.4 * 16_000
    assert answers(late) == []
    later = play(waited=25.0, duration=30.0)
    agree(later)
    assert answers(later) == [("discarded", 5.0, 0.0, 5.0)]


@pytest.mark.parametrize(("text", "lost"), [("", [(0, 40.0)]), ("error@30=400", [(0, 30.0)])])
def test_what_cannot_be_sent_for_too_long_is_dropped_but_no_action_is(options, ids, text, lost):
    call = ClientCall(options(duration=100.0, timeline=timeline(text)), CallReport(ids))
    server = ServerProtocol(ids.session, max_gap=None)
    event = server.receive_text(call.start(0.0)[0], 0.0)
    call.receive_text(server.send(Opened(media=[event.open.media[0]])), 0.0)
    call.tick(60.0)  # it was held up for a minute
    found = [(gap.start, gap.length / 8000) for gap in call.report.ledger.discards]
    assert found == lost
    assert call.report.sent["audio"] == 16  # at once; then it looks at what came in
    assert call.wake_at() <= 60.0


# The official sample client's habits -------------------------------------------------------------


def test_official_style_doubles_paused(play, script):
    says = [(0.49, Pause()), (0.99, Resume())]
    played = play(
        script(says=says), timeline=timeline("pause@1.2, resume@1.5"), style=Style(double_paused=True)
    )
    agree(played)
    kinds = [answer[0] for answer in answers(played)]
    assert kinds == ["paused", "paused", "resumed", "paused", "paused", "resumed"]
    assert [event.news for event in played.server.of(PausedReceived)] == [True, True, True, False]


def test_official_style_freezes_the_position(play):
    played = play(timeline=timeline("pause@0.5, resume@1.25"), style=Style(frozen_position=True))
    report = agree(played)
    assert answers(played) == [("paused", 0.5), ("resumed", 0.5, 0.5, 0.0)]
    assert report.position == 16_000 - 6000
    assert report.expected_recording() == AudioSource.tone().payload(0, 10_000, report.media)


def test_official_style_claims_discards_that_are_none(play):
    played = play(timeline=timeline("discard@0.5+0.75, pause@1, resume@1.5"), style=Style(fake_discards=True))
    report = agree(played)
    assert answers(played)[0] == ("discarded", 0.5, 0.5, 0.75)
    assert [event.gap.length for event in played.server.of(DiscardedReceived)] == [6000]
    assert report.ledger.samples == 16_000 - 4000
    assert report.ledger.spans[1].position == 10_000


# Any timeline --------------------------------------------------------------------------------------

SECONDS = st.integers(0, 80).map(lambda tenths: tenths / 10)
LENGTHS = st.integers(1, 30).map(lambda tenths: tenths / 10)


@st.composite
def timelines(draw):
    actions, paused = [], False
    for at in sorted(draw(st.lists(SECONDS, max_size=8))):
        kinds = ["resume", "update"] if paused else ["pause", "discard", "congest", "error"]
        match draw(st.sampled_from(kinds)):
            case "pause":
                actions.append(PauseAt(at))
                paused = True
            case "resume":
                actions.append(ResumeAt(at))
                paused = False
            case "discard":
                actions.append(DiscardAt(at, draw(LENGTHS)))
            case "congest":
                actions.append(CongestAt(at, draw(LENGTHS)))
            case "update":
                actions.append(UpdateAt(at, "en-US"))
            case _:
                actions.append(ErrorAt(at, 400))
    return Timeline(actions)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    timeline=timelines(),
    commands=st.lists(st.tuples(SECONDS, st.sampled_from([Pause(), Resume()])), max_size=6),
    style=st.builds(Style, st.booleans(), st.booleans(), st.booleans()),
    frame_ms=st.sampled_from([20.0, 137.0, 200.0, 4000.0]),
    backlog=st.sampled_from([0.0, 3.0]),
    offer=st.sampled_from([0, 1, 3, 4]),
    start_paused=st.booleans(),
)
def test_whatever_the_timeline_both_sides_count_alike(
    play, script, timeline, commands, style, frame_ms, backlog, offer, start_paused
):
    offers = (
        MediaFormat("PCMU", ("external", "internal")),
        MediaFormat("PCMU", ("external",)),
        MediaFormat("PCMU", ("internal",)),
        MediaFormat("PCMU", ("internal", "external")),
        MediaFormat("L16", ("external", "internal")),
    )
    says = sorted(commands, key=lambda command: command[0])
    answer = script(
        answer=lambda event: Opened(media=[event.open.media[offer]], start_paused=start_paused),
        says=says,
        latency=0.0371,
    )
    played = play(
        answer,
        timeline=timeline,
        style=style,
        frame_ms=frame_ms,
        backlog=backlog,
        media=offers,
        duration=8.0,
    )
    report, server = played.report, played.server
    width = report.media.frame_width
    assert report.position == server.protocol.clock.position
    assert len(report.expected_recording()) == report.position * width
    if report.media.format == "PCMU":
        assert report.expected_recording() == server.recording()
    assert server.protocol.dropped_audio == 0
    spans = report.ledger.spans
    assert all(span.length > 0 for span in spans)
    assert all(before.end <= after.position for before, after in itertools.pairwise(spans))
    assert spans == [] or spans[-1].end <= report.position
    positions = [float(json.loads(out)["position"][2:-1]) for _, out in played.sent if isinstance(out, str)]
    assert positions == sorted(positions)
    assert len(server.of(ResumedReceived)) <= len(server.of(PausedReceived)) + len(commands)
    if not (style.fake_discards or style.frozen_position):
        missing = sum(p.length or 0 for p in report.ledger.pauses)
        missing += sum(gap.length for gap in report.ledger.discards)
        assert report.ledger.samples + missing == report.position
