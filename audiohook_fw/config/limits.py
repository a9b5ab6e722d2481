"""The section `limits`: every bound and every timer of the server."""

from __future__ import annotations

from collections.abc import Iterator

from .fields import Section, number, seconds

__all__ = ["LimitsSettings"]


class LimitsSettings(Section):
    """Every bound and every timer of the server; the timers of the protocol are in protocol 4.3."""

    connections: int = number(2_000, "Open connections, calls and others, at once.",
                              ge=1, le=1_000_000, unit="connections")  # fmt: skip
    calls: int = number(1_000, "Calls at once; one more gets `disconnect` `error`, which Genesys retries.",
                        ge=1, le=1_000_000, unit="calls")  # fmt: skip
    message_bytes: int = number(
        65_536, "Greatest size of one WebSocket message; a longer one ends the connection. The default is "
        "the protocol's own bound; Genesys may send 64,000 bytes of audio in one message.",
        ge=1_024, le=65_536, unit="bytes")  # fmt: skip
    header_timeout: float = seconds(
        5.0, "How long a client may take to send its request headers.", ge=0.01, le=60
    )
    keepalive: float = seconds(10.0, "How long an idle HTTP connection is kept.", ge=0.01, le=600)
    open_timeout: float = seconds(
        10.0, "How long a client may take from the upgrade to `open`.", ge=0.01, le=60
    )
    decision_timeout: float = seconds(
        2.0, "How long plugins may take in `on_open`. Less than `opening_timeout`.", ge=0.01, le=4.9
    )
    opening_timeout: float = seconds(
        4.0, "How long after `open` the answer is written at the latest. Genesys gives up after 5 seconds.",
        ge=0.02, le=4.99)  # fmt: skip
    silence_timeout: float = seconds(
        30.0, "A client that sends nothing at all for so long is dead; it pings every 5 seconds.",
        ge=0.05, le=600)  # fmt: skip
    disconnect_timeout: float = seconds(
        10.0, "How long a client may take to send `close` after our `disconnect`.", ge=0.01, le=60
    )
    hook_deadline: float = seconds(
        6.0, "How long after `close` plugins may work in `on_close` before `closed` stops waiting.", le=9.9
    )
    outbox_deadline: float = seconds(
        1.0, "How long, after `hook_deadline`, queued events may still be sent.", le=9.9
    )
    closed_deadline: float = seconds(
        8.0, "How long after `close` the answer `closed` is written at the latest. "
        "Genesys gives up after 10 seconds.",
        ge=0.01, le=9.9)  # fmt: skip
    end_deadline: float = seconds(
        60.0, "How long after `close` lanes may work on, and then `on_end`, before they are abandoned.",
        ge=0.01, le=3_600)  # fmt: skip
    linger: float = seconds(5.0, "How long after `closed` the client may take to end the connection.", le=60)
    lane_seconds: float = seconds(
        30.0, "Audio that may wait in the lane of one plugin and call. "
        "A reconnecting client may burst 20 seconds.",
        ge=0.02, le=3_600)  # fmt: skip
    lane_bytes: int = number(268_435_456, "Audio that may wait in all lanes of the process together.",
                             ge=1, le=1_099_511_627_776, unit="bytes")  # fmt: skip
    control_events: int = number(
        1_000, "Control events (pause, resume, …) that may wait in one lane; beyond that the lane fails.",
        ge=1, le=1_000_000, unit="events")  # fmt: skip
    plugin_events: int = number(
        1_000, "Plugin events that may wait in one lane; beyond that the oldest interim is dropped first.",
        ge=1, le=1_000_000, unit="events")  # fmt: skip
    max_gap: float = seconds(
        30.0, "How much longer than wall time since `open` the client may say the call is; more is cut.",
        le=86_400)  # fmt: skip
    outbox_events: int = number(256, "Events to Genesys that may wait in one call's outbox.",
                                ge=1, le=100_000, unit="events")  # fmt: skip
    write_timeout: float = seconds(10.0, "How long one write to a client may take.", ge=0.01, le=120)
    faults_in_a_row: int = number(10, "Faults of one plugin in a row that put it in quarantine for the call.",
                                  ge=1, le=1_000_000, unit="faults")  # fmt: skip
    quarantine_calls: int = number(
        3, "Calls within `quarantine_window` that shut a plugin out of new ones: it was put in quarantine, "
        "its lane failed, or it was cancelled at the end.",
        ge=1, le=1_000_000, unit="calls")  # fmt: skip
    quarantine_blocks: int = number(
        3, "Times that a plugin blocks the event loop within `quarantine_window` that shut it out.",
        ge=1, le=1_000_000, unit="blocks")  # fmt: skip
    quarantine_window: float = seconds(
        600.0, "The window for `quarantine_calls` and `quarantine_blocks`.", ge=1, le=86_400
    )
    block_timeout: float = seconds(
        1.0, "How long the event loop may stand still before it is reported who blocks it.",
        ge=0.05, le=60)  # fmt: skip
    slow_hook: float = seconds(
        10.0, "How long a hook in a lane may run before that is reported, once for each call of it.",
        ge=0.05, le=3_600)  # fmt: skip
    startup_timeout: float = seconds(30.0, "How long one plugin's `on_startup` may take.", ge=0.01, le=3_600)
    shutdown_timeout: float = seconds(
        10.0, "How long one plugin's `on_shutdown` may take.", ge=0.01, le=3_600
    )
    address_timeout: float = seconds(1.0, "How long plugins may take in `check_address`.", ge=0.01, le=30)
    pool_threads: int = number(4, "Threads of each plugin for `session.run_blocking`.",
                               ge=1, le=256, unit="threads")  # fmt: skip
    pool_queue: int = number(
        1_000, "Work that may wait or run in one plugin's `session.run_blocking`; more is refused.",
        ge=1, le=1_000_000, unit="calls")  # fmt: skip
    message_rate: float = number(
        5.0, "Text messages sent to one client in the long run. Genesys allows 5 per second.",
        ge=0.1, le=5, unit="messages per second")  # fmt: skip
    message_burst: int = number(25, "Text messages sent to one client at once. Genesys allows 25.",
                                ge=2, le=25, unit="messages")  # fmt: skip
    pause_rate: float = number(2.0, "Pauses and resumes sent to one client in the long run.",
                               ge=0.1, le=5, unit="messages per second")  # fmt: skip
    pause_burst: int = number(4, "Pauses and resumes sent to one client at once.",
                              ge=1, le=25, unit="messages")  # fmt: skip

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield timers that contradict each other or the client's own."""
        if self.decision_timeout >= self.opening_timeout:
            yield (
                "decision_timeout",
                f"must be less than limits.opening_timeout ({self.opening_timeout:g} s), "
                "or calls time out while plugins decide",
            )
        if self.hook_deadline + self.outbox_deadline > self.closed_deadline:
            yield (
                "closed_deadline",
                "must be at least limits.hook_deadline + limits.outbox_deadline "
                f"({self.hook_deadline + self.outbox_deadline:g} s) and less than 10 s",
            )
        if self.end_deadline < self.closed_deadline:
            yield "end_deadline", f"must be at least limits.closed_deadline ({self.closed_deadline:g} s)"
        if self.pause_burst > self.message_burst:
            yield "pause_burst", f"must not be more than limits.message_burst ({self.message_burst})"
