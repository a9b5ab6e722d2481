"""`CallDriver`: one call of a plugin, driven by hand: no network, no waiting, no `async` in the test."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, Unpack, overload

import numpy.typing as npt

from audiohook_fw.audio import encode
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import (
    Accept,
    CloseReason,
    Event,
    Playback,
    Reject,
)
from audiohook_fw.protocol import (
    Dtmf,
    Error,
    PlaybackCompleted,
    PlaybackStarted,
    Update,
)
from audiohook_fw.stage import Stage, limits_of, name_of, open_message

from .audio import STEREO, CallAudio, as_samples, cut
from .facts import Facts, call_facts
from .line import ELSEWHERE, Line
from .log_notes import LogNotes
from .outcome import CallOutcome

__all__ = ["CallDriver"]

T = TypeVar("T")

_FRAME_MS: Final = 200.0
"""As long as Genesys' frames mostly are."""


class CallDriver(CallOutcome):
    """One call of one plugin, driven step by step in virtual time.

    The call, its dispatch and its lanes are the real ones; Genesys' side answers pauses and the wish to
    disconnect as the real one does. Each step returns once everybody waits for time to pass. Use it in plain
    and in async tests alike, in one thread, and close it (`shutdown`, or `with`); the fixture does so.

    Args:
        plugin: a class, module or instance, or what `-p` takes: an entry point, `module:attribute`, a file.
        settings: its section of the configuration.
        name: under which it is loaded; by default made of its own (`TalkRatioPlugin` becomes `talk_ratio`).
        others: further plugins by name, called after it.
        limits: the server's `limits`, where they are not the defaults.
        context: what `session.context` holds at the start, such as `{"queue": "Sales"}`.
        raise_faults: let a step raise what a plugin raised in it, with the plugin's traceback.
        facts: of the call: `conversation_id`, `dnis`, `language`, `custom_config`, `product`, `offers` and
            all else that is in `Facts`.

    Raises:
        PluginLoadError, PluginConfigError: the plugin does not load, or its settings are wrong.
        TypeError: there is no such fact.
    """

    def __init__(
        self,
        plugin: object,
        *,
        settings: Mapping[str, object] | None = None,
        name: str = "",
        others: Mapping[str, object] | None = None,
        limits: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
        raise_faults: bool = True,
        **facts: Unpack[Facts],
    ) -> None:
        self._facts = call_facts(facts)
        name = name or name_of(plugin)
        sections = Loaded.of(Settings(), {name: settings or {}})
        self._stage = Stage({name: plugin, **(others or {})}, sections, limits_of(limits))
        self._notes = LogNotes(self._stage.manager, self._stage.name)
        self._context = dict(context or {})
        self._raise_faults = raise_faults
        self._raised = 0
        self._line_: Line | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        state = self._line_.call.state if self._line_ is not None else "not open"
        return f"<CallDriver of {self._stage.name}, {state} at {self.time:g} s>"

    # the call -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run `on_startup`; `open` does so by itself."""
        __tracebackhide__ = True
        self._guard(self._stage.start)

    def open(self, *, position: float = 0.0) -> Accept | Reject:
        """Start the plugin, let the client send `open`, and return what was decided.

        Args:
            position: seconds on the wire at the start, more than 0 when a client reconnects.
        """
        __tracebackhide__ = True
        self.start()
        self._guard(self._stage.run, self._open, position)
        self._settle()
        assert self._line.decision is not None
        return self._line.decision

    def audio(
        self,
        audio: CallAudio | bytes | npt.NDArray[Any] | None = None,
        *,
        seconds: float | None = None,
        frame_ms: float = _FRAME_MS,
        burst: bool = False,
    ) -> None:
        """Let audio come, a frame at a time; while the stream is paused time passes without any.

        Args:
            audio: a `CallAudio`, a payload in the call's format, or int16 samples of shape `(n,)` (the same
                on all channels) or `(n, channels)`; a tone by default.
            seconds: how much of a `CallAudio`; one second of the default tone.
            frame_ms: milliseconds of each frame.
            burst: all at once, as a backlog comes; else each frame takes its own time.
        """
        __tracebackhide__ = True
        for payload in self._payloads(audio, seconds, frame_ms):
            if not self._is_live:
                return
            length = self._media.samples(len(payload)) / self._media.rate if self.media else frame_ms / 1000
            if not burst:
                self._step(length)
            self.frame(payload)

    def frame(self, payload: bytes | npt.NDArray[Any]) -> None:
        """Let one binary frame come now; while the stream is paused nothing comes."""
        __tracebackhide__ = True
        data = payload if isinstance(payload, bytes) else self._encoded(payload)
        self._do(self._line.frame, data)

    def advance(self, seconds: float = 0.0) -> None:
        """Let virtual time pass without audio; with 0, let everybody do what can be done now."""
        __tracebackhide__ = True
        self._step(seconds)

    def pause(self, seconds: float | None = None, *, by: Literal["client", "server"] = "client") -> None:
        """Pause the stream, and with `seconds` resume it after so long.

        `client` is Genesys' own pause (secure pause); `server` a hold, as of another plugin.
        """
        __tracebackhide__ = True
        self._do(lambda: self._line.pause(by_server=by == "server"))
        if seconds is not None:
            self._step(seconds)
            self.resume()

    def resume(self) -> None:
        """End the pause that `pause` began; holds of plugins stay."""
        __tracebackhide__ = True
        self._do(self._line.resume)

    def discard(self, seconds: float) -> None:
        """Let the client throw away so much audio, which takes so long."""
        __tracebackhide__ = True
        self._step(seconds)
        self._do(self._line.discard, seconds)

    def update(self, *, language: str | None = None) -> None:
        """Let the call's language change."""
        __tracebackhide__ = True
        self._do(self._line.say, Update(language=language))

    def dtmf(self, digit: str) -> None:
        """Let the caller press a key (Audio Connector)."""
        __tracebackhide__ = True
        self._do(self._line.say, Dtmf(digit=digit))

    def playback(self, playback: Playback | Literal["started", "completed"]) -> None:
        """Let the client tell of its playback (Audio Connector)."""
        __tracebackhide__ = True
        message = PlaybackStarted() if playback == Playback.STARTED else PlaybackCompleted()
        self._do(self._line.say, message)

    def client_error(self, code: int, message: str = "", *, retry_after: float | None = None) -> None:
        """Let the client complain; `retry_after` is in seconds (429)."""
        __tracebackhide__ = True
        after = timedelta(seconds=retry_after) if retry_after is not None else None
        self._do(self._line.say, Error(code=code, message=message, retry_after=after))

    def event(self, *events: Event) -> None:
        """Let another plugin emit events, through the filters."""
        __tracebackhide__ = True
        for event in events:
            self._do(self._line.call.emit, event, ELSEWHERE)

    @overload
    def run(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T: ...
    @overload
    def run(self, function: Callable[..., T], *args: object) -> T: ...
    def run(self, function: Callable[..., object], *args: object) -> object:
        """Run a function, plain or async, in the call's loop, and return its result: `session` needs it."""
        __tracebackhide__ = True
        result: object = self._guard(self._stage.run, function, *args)
        self._settle()
        return result

    def close(self, reason: CloseReason | str = CloseReason.END) -> None:
        """Let the client end the call, and the plugins finish; nothing when it is over already."""
        __tracebackhide__ = True
        self._guard(self._stage.run, self._line.close, CloseReason(reason))
        self._settle()

    def lose(self) -> None:
        """Let the connection break off, and the plugins finish."""
        __tracebackhide__ = True
        self.close(CloseReason.LOST)

    def shutdown(self) -> None:
        """End the call if it is not over, stop the plugin, let go of everything. Again does nothing."""
        __tracebackhide__ = True
        if self._stage.loop.is_closed():
            return
        try:
            if self._is_live:
                self._stage.run(self._line.close, CloseReason.LOST)
            self._stage.stop()
        finally:
            self._stage.close()
            self._notes.close()
        self._raise()

    # inside -------------------------------------------------------------------------------------------

    async def _open(self, position: float) -> None:
        if self._line_ is not None:
            raise RuntimeError("the call was opened before; make another driver for another call")
        stage = self._stage
        line = Line(self._facts, stage.services, max_gap=stage.limits.max_gap)
        line.call.context.update(self._context)
        self._line_ = line
        await line.open(open_message(self._facts), position)

    def _payloads(
        self, audio: CallAudio | bytes | npt.NDArray[Any] | None, seconds: float | None, frame_ms: float
    ) -> Iterable[bytes]:
        if audio is None or isinstance(audio, CallAudio):
            source = audio or CallAudio.tone()
            source = source if seconds is None else source.first(seconds)
            media = self.media or STEREO
            return source.frames(media, frame_ms=frame_ms, byte_order=self._facts.byte_order)
        payload = audio if isinstance(audio, bytes) else self._encoded(audio)
        return cut(payload, self._media, frame_ms)

    def _encoded(self, samples: npt.NDArray[Any]) -> bytes:
        media = self._media
        return encode(as_samples(samples, len(media.channels)), media, self._facts.byte_order)

    def _do(self, function: Callable[..., object], *args: object) -> None:
        __tracebackhide__ = True
        if not self._is_live:
            raise RuntimeError("the call is over" if self._line_ is not None else "call open() first")
        self._guard(self._stage.run, function, *args)
        self._settle()

    def _step(self, seconds: float) -> None:
        __tracebackhide__ = True
        self._guard(self._stage.run_for, seconds)
        self._settle()

    def _settle(self) -> None:
        """Let everybody do what can be done now, and the client what it was asked for."""
        __tracebackhide__ = True
        self._guard(self._stage.run_for, 0.0)
        if self._is_live and self._stage.run(self._line.answer):
            self._guard(self._stage.run, self._line.close, CloseReason.DISCONNECT)
        self._guard(self._stage.run_for, 0.0)

    def _guard(self, function: Callable[..., Any], *args: object) -> Any:
        __tracebackhide__ = True
        try:
            return function(*args)
        finally:
            self._raise()

    def _raise(self) -> None:
        """Raise the first fault that was not raised yet, as the plugin raised it."""
        __tracebackhide__ = True
        new, self._raised = self._stage.faults[self._raised :], len(self._stage.faults)
        if new and self._raise_faults:
            error = new[0].error
            error.add_note(f"raised by plugin {new[0].plugin} in {new[0].hook}")
            if not isinstance(error, Exception):  # a plugin's SystemExit must not end the test run
                raise AssertionError(str(new[0])) from error
            raise error
