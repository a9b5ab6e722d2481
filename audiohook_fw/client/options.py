"""What a simulated call is: where it goes, who calls, what is said and how it is played."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audiohook_fw.audio import ByteOrder
from audiohook_fw.auth import is_api_key
from audiohook_fw.protocol import CHANNELS, MediaFormat, is_uuid

from .source import AudioSource
from .timeline import Timeline

__all__ = ["MAX_BACKLOG", "OFFERS", "CallIds", "CallOptions", "Style", "Timing"]

OFFERS: Final = tuple(MediaFormat("PCMU", channels) for channels in (CHANNELS, CHANNELS[:1], CHANNELS[1:]))
"""What Genesys offers: both channels, the customer alone, the other side alone."""
MAX_BACKLOG: Final = 20.0
"""Seconds of audio from before `opened` that a client offers at most."""
MAX_DURATION: Final = 86_400.0
"""Seconds that a call lasts at most."""
_TOLD: Final = 60_000
"""Bytes of custom configuration, numbers and names: what Genesys allows, and what fits into a message."""

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN: Final = (
    *("audiohook-", "connection", "content-", "host", "sec-websocket-", "signature", "transfer-encoding"),
    *("upgrade", "user-agent", "x-api-key"),
)
"""What the names of the client's own headers begin with, in lower case."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The client's limits in seconds of real time, whatever the speed (protocol: timers).

    Attributes:
        connect: until the upgrade is answered.
        open: from `open` until `opened`.
        close: from `close` until `closed`.
        first_ping: from `opened` until the first ping; the second follows its pong at once.
        ping: between pings after that.
        pong: from a ping until its pong.
        write: until the server reads what was sent.
        retry: before the first retry; it doubles with each further one.
    """

    connect: float = 10.0
    open: float = 5.0
    close: float = 10.0
    first_ping: float = 1.0
    ping: float = 5.0
    pong: float = 5.0
    write: float = 10.0
    retry: float = 1.0


@dataclass(frozen=True, slots=True)
class Style:
    """Habits of the official sample client, which differ from those of the real one.

    Attributes:
        double_paused: every `paused` is sent twice.
        frozen_position: the stream stands still in a pause, and `resumed` claims that nothing was lost.
        fake_discards: `discarded` claims what was not removed.
    """

    double_paused: bool = False
    frozen_position: bool = False
    fake_discards: bool = False


@dataclass(frozen=True, slots=True)
class CallIds:
    """The ids of one call; a retry keeps them."""

    organization: str
    session: str
    correlation: str
    conversation: str
    participant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """Everything about a simulated call but its ids.

    Attributes:
        url: `ws://` or `wss://`.
        api_key, secret: as configured at the server; the secret decoded, `None`: not signed.
        organization, conversation: UUIDs; `None`: new ones for each call.
        ani, ani_name, dnis, language, custom_config, input_variables: what `open` tells of the call.
        supported_languages: ask the server for its languages.
        headers: further headers of the upgrade, such as a proxy adds; they are not signed.
        media: the offers, as formats or as raw JSON objects (for what no server knows).
        connector: an Audio Connector call: one channel is offered, the server may send audio.
        source: what is said. duration: seconds of call time until `close`.
        timeline: what else happens.
        backlog: seconds of audio that are there before `opened`, and sent at once after it.
        frame_ms: call time in one binary frame; it is cut to 64,000 bytes.
        byte_order: of L16 audio.
        speed: seconds of call time in one second.
        probe: the connection probe: null ids, and `close` right after `opened`.
        retries: further tries when a call cannot be established.
        keep_audio: keep the bytes sent, for `CallReport.expected_recording`.
        tls: for `wss://`, when the system's certificates are not enough.

    Raises:
        ValueError: when a value is out of its range; the message names the field, never a secret.
    """

    url: str
    api_key: str = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)
    organization: str | None = None
    conversation: str | None = None
    ani: str = field(default="", repr=False)
    ani_name: str = field(default="", repr=False)
    dnis: str = field(default="", repr=False)
    language: str | None = None
    supported_languages: bool | None = None
    custom_config: Mapping[str, Any] | None = field(default=None, repr=False)
    input_variables: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    media: tuple[MediaFormat | Mapping[str, Any], ...] = OFFERS
    connector: bool = False
    source: AudioSource = field(default_factory=AudioSource.tone)
    duration: float = 10.0
    timeline: Timeline = field(default_factory=Timeline)
    backlog: float = 0.0
    frame_ms: float = 200.0
    byte_order: ByteOrder = "little"
    speed: float = 1.0
    probe: bool = False
    retries: int = 0
    keep_audio: bool = False
    style: Style = Style()
    timing: Timing = Timing()
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        _require(is_api_key(self.api_key), "the API key may hold letters, digits, + / _ - and end in =")
        _require(self.secret is None or len(self.secret) > 0, "the secret is empty")
        for name in ("organization", "conversation"):
            value = getattr(self, name)
            _require(value is None or is_uuid(value), f"the {name} id is not a UUID")
        _require(0 <= self.duration <= MAX_DURATION, f"the duration is 0 to {MAX_DURATION:.0f} seconds")
        _require(0 <= self.backlog <= MAX_BACKLOG, f"the backlog is 0 to {MAX_BACKLOG:g} seconds")
        _require(1 <= self.frame_ms <= 20_000, "a frame is 1 to 20000 milliseconds long")
        _require(0 < self.speed <= 1000, "the speed is above 0 and at most 1000")
        _require(0 <= self.retries <= 5, "there are 0 to 5 retries")
        for name, value in self.headers.items():
            problem = _problem_of_header(name, value)
            _require(not problem, f"the header {name!r} cannot be added to the client's: {problem}")
        told = [self.ani, self.ani_name, self.dnis, self.language, self.input_variables, self.custom_config]
        size = len(json.dumps(told, ensure_ascii=False, allow_nan=False, default=dict).encode())
        _require(size <= _TOLD, f"what `open` tells of the call is {size} bytes long, more than {_TOLD}")
        self.timeline.check_end(self.duration)

    @property
    def offers(self) -> list[Any]:
        """The `media` list of `open`."""
        offers = self.media
        if self.connector and offers is OFFERS:
            offers = OFFERS[1:2]
        return [offer.to_wire() if isinstance(offer, MediaFormat) else dict(offer) for offer in offers]


def _problem_of_header(name: str, value: str) -> str:
    """Say why a header cannot be written, or that the client writes it itself; empty for neither."""
    if not _HEADER.fullmatch(name):
        return "its name may hold letters, digits and hyphens"
    if not (value.isascii() and value.isprintable()):
        return "its value may hold printable ASCII"
    return "that is one of them" if name.lower().startswith(_OWN) else ""


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise ValueError(problem)
