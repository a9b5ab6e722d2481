"""`Session`: what a plugin sees of a call. Each plugin has its own, so everything has an owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from audiohook_fw.audio import ByteOrder
from audiohook_fw.errors import LocalProtocolError, SessionClosedError
from audiohook_fw.plugin import CallStatistics, ContextChanged, Event, Stash
from audiohook_fw.protocol import (
    ClientPause,
    ContinuedSession,
    DisconnectReason,
    MediaFormat,
    Participant,
)

from .holds import Hold, OnQuarantine
from .threads import check_thread

if TYPE_CHECKING:
    from .call import Call

__all__ = ["Session"]

T = TypeVar("T")

_REASONS: Final = ("completed", "error", "unauthorized")
"""The official client knows no others."""


class Session:
    """One call, seen by one plugin. Use it from the event loop's thread only.

    Positions and lengths are samples of call time at `media.rate`; ids are as received. Whatever changes
    something raises `RuntimeError` in another thread: use `loop.call_soon_threadsafe(session.emit, event)`.
    """

    __slots__ = ("_call", "_plugin")

    def __init__(self, call: Call, plugin: str) -> None:
        self._call = call
        self._plugin = plugin

    def __repr__(self) -> str:
        return f"<Session {self.id} {self._call.state} for {self._plugin}>"

    # which call -----------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The session id: one connection, one session."""
        return self._call.facts.session_id

    @property
    def conversation_id(self) -> str:
        """The conversation: retries and parallel integrations share it."""
        return self._call.facts.conversation_id

    @property
    def organization_id(self) -> str:
        """The Genesys Cloud organization; proven by the signature."""
        return self._call.facts.organization_id

    @property
    def correlation_id(self) -> str:
        """For correlation with Genesys' own logs."""
        return self._call.facts.correlation_id

    @property
    def participant(self) -> Participant:
        """The customer; all but `id` is personal data (`ani`, `ani_name`, `dnis`), hidden from `repr`."""
        return self._call.facts.participant

    @property
    def key_name(self) -> str:
        """Name of the configured API key that the client used; never the key."""
        return self._call.facts.key_name

    @property
    def product(self) -> str:
        """What the key is for: `monitor`, `transcription` or `connector`."""
        return self._call.facts.product

    @property
    def path_suffix(self) -> str:
        """What followed `server.path` in the URL: the Connector ID of Audio Connector.

        Whoever has a key chooses it: it is percent-decoded and may hold anything, `..` and line ends too.
        """
        return self._call.facts.path_suffix

    @property
    def retry_attempt(self) -> int | None:
        """The client's count of retries, when it tells."""
        return self._call.facts.retry_attempt

    @property
    def continued_sessions(self) -> tuple[ContinuedSession, ...]:
        """The sessions this one continues, when the client reconnected."""
        return self._call.facts.continued_sessions

    @property
    def custom_config(self) -> Mapping[str, Any]:
        """The integration's own JSON, a copy; may hold personal data."""
        return dict(self._call.facts.custom_config)

    @property
    def input_variables(self) -> Mapping[str, str]:
        """Variables of the Architect action (Audio Connector), a copy; may hold personal data."""
        return dict(self._call.facts.input_variables)

    @property
    def started_at(self) -> datetime:
        """Wall time of `open` (UTC)."""
        return self._call.facts.started_at

    # how it stands ----------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """`opening`, `open`, `closing` or `ended`."""
        return self._call.state

    @property
    def offers(self) -> tuple[MediaFormat, ...]:
        """The offered media that are understood, in the client's order of preference."""
        return self._call.facts.offers

    @property
    def media(self) -> MediaFormat | None:
        """The selected media; `None` before `opened` and in calls without audio."""
        return self._call.protocol.media

    @property
    def byte_order(self) -> ByteOrder:
        """Byte order of L16 samples in frames, `little` or `big`, as the key is configured."""
        return self._call.facts.byte_order

    @property
    def language(self) -> str | None:
        """The call's language, as of the last `update`."""
        return self._call.language

    @property
    def position(self) -> int:
        """Call time now: audio received, discarded and paused so far, in samples."""
        return self._call.protocol.clock.position

    @property
    def server_paused(self) -> bool:
        """Whether the server asked for a pause last."""
        return self._call.protocol.pause.server

    @property
    def client_paused(self) -> ClientPause:
        """What is known of the client's own pause: `no`, `yes` or `unknown`."""
        return self._call.protocol.pause.client

    @property
    def tags(self) -> Mapping[str, str]:
        """What the accepting plugins tagged this call with, and what `add_tags` added."""
        return MappingProxyType(self._call.tags)

    @property
    def stash(self) -> Stash:
        """A typed place for state of this call, shared by all plugins (the key is the secret)."""
        return self._call.stash

    @property
    def context(self) -> Mapping[str, Any]:
        """What plugins found out about the call (queue, agent, hold …)."""
        return MappingProxyType(self._call.context)

    @property
    def audio_interest(self) -> bool:
        """Whether any plugin needs audio now (`set_audio_interest`); those in quarantine need none."""
        return self._call.audio_interest

    @property
    def delivery(self) -> CallStatistics:
        """How this plugin fares: what its lane dropped or refused, its faults."""
        return self._call.delivery.statistics_of(self._plugin)

    @property
    def plugin_statistics(self) -> tuple[CallStatistics, ...]:
        """How all plugins with hooks in this call fare, in configured order; none before it is accepted."""
        return self._call.delivery.statistics()

    def who_emits(self, event_type: type[Event]) -> tuple[str, ...]:
        """Return the names of the plugins in this call that emit such events, as they declare, and still can.

        Without those in quarantine, or whose lane failed: who depends on the events can tell that none come.
        """
        return self._call.delivery.emitters(event_type.event_type)

    @property
    def decided_by(self) -> str:
        """The plugin that rejected the call; empty while none has."""
        return self._call.decided_by

    # what a plugin may do -----------------------------------------------------------------------------

    def settings_for(self, plugin: str | None = None) -> Any:
        """Return the validated settings of this plugin, or of the one named; `None` if it has none.

        Raises:
            KeyError: no plugin of that name is loaded.
        """
        return self._call.plugins.settings(plugin or self._plugin)

    def emit(self, event: Event) -> None:
        """Hand an event to the other plugins and, if its product takes it, to the client.

        Filters see it first. It is queued while another event is being delivered, or a hook other than
        `on_audio` is being told: all plugins know of that before anybody hears what one makes of it. When
        1,000 of this plugin wait, or it came over more than 8 hops (events that called forth events), it
        is dropped: the plugin's fault.

        Raises:
            TypeError: when it is no `Event`. SessionClosedError: after the call ended.
        """
        if not isinstance(event, Event):
            raise TypeError(f"emit takes an Event, not {type(event).__name__}")
        self._check_open()
        self._call.emit(event, self._plugin)

    def update_context(self, **values: Any) -> None:
        """Add to `session.context`; what changed is emitted as `ContextChanged`.

        Raises:
            SessionClosedError: after the call ended.
        """
        self._check_open()
        changed = tuple(name for name, value in values.items() if self._call.context.get(name) != value)
        self._call.context.update(values)
        if changed:
            self.emit(ContextChanged(changed=changed))

    def add_tags(self, **tags: str) -> None:
        """Tag the call later than `Accept` can: after a look-up, say. Emits `ContextChanged` for `tags`.

        A name that the call has already gets the new text. No personal data.

        Raises:
            TypeError: a tag is no text. SessionClosedError: after the call ended.
        """
        self._check_open()
        for name, text in tags.items():
            if not isinstance(text, str):
                raise TypeError(f"tag {name} must be a text, not {type(text).__name__}")
        if any(self._call.tags.get(name) != text for name, text in tags.items()):
            self._call.tags.update(tags)
            self.emit(ContextChanged(changed=("tags",)))

    def set_audio_interest(self, interested: bool) -> None:
        """Say whether this plugin needs audio now; emits `ContextChanged` when the sum changes.

        Raises:
            SessionClosedError: after the call ended.
        """
        self._check_open()
        self._call.set_interest(self._plugin, interested=interested)

    def pause(self, reason: str = "", *, on_quarantine: OnQuarantine = "release") -> Hold:
        """Pause the stream for as long as the returned hold (or any other) is open.

        Before `opened` it makes the call start paused. `reason` is for logs: no personal data.

        Raises:
            SessionClosedError: after the call ended.
        """
        self._check_open()
        return self._call.holds.take(self._plugin, reason, on_quarantine)

    @property
    def start_hold(self) -> Hold | None:
        """The hold that this plugin's own `Accept(start_paused=True)` took, while it is open."""
        hold = self._call.start_holds.get(self._plugin)
        return hold if hold in self._call.holds else None

    def disconnect(
        self, reason: str = "completed", info: str = "", output_variables: Mapping[str, str] | None = None
    ) -> None:
        """Ask the client to end the call, at once; `on_close` follows when it does.

        Audio that is queued then is not played: a bot that says goodbye waits for `on_playback` first.

        Args:
            reason: `completed`, `error` (the client may retry) or `unauthorized`.
            info: a short text that Genesys logs, cut at 256 characters; no personal data.
            output_variables: for Architect (Audio Connector), texts by name.

        Raises:
            ValueError: for another reason. SessionClosedError: after the call ended.
            LocalProtocolError: when the output variables are no texts, or too long.
        """
        self._check_open()
        if reason not in _REASONS:
            raise ValueError(f"reason is {reason!r}, not one of: {', '.join(_REASONS)}")
        self._call.control.disconnect(DisconnectReason(reason), info or None, output_variables)

    def play(self, audio: bytes) -> None:
        """Play audio to the caller: the call's format, whole samples (Audio Connector only).

        Raises:
            LocalProtocolError: when the key is no Audio Connector, the call has no audio (yet), or too much
                is queued already. ValueError: when these are no whole samples.
            SessionClosedError: after the call ended.
        """
        self._check_connector("play")
        if self.media is None:
            raise LocalProtocolError("this call has no audio; play in on_opened or later")
        self.media.samples(len(audio))
        self._call.control.play(audio)

    def flush_playback(self) -> None:
        """Stop what is being played, and drop what is queued (Audio Connector only).

        Raises:
            LocalProtocolError: when the key is no Audio Connector. SessionClosedError: after the call ended.
        """
        self._check_connector("flush_playback")
        self._call.control.flush_playback()

    async def run_blocking(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a blocking function in this plugin's bounded thread pool.

        Cancelling stops the waiting; a function that already runs goes on to its end.

        Raises:
            PluginOverflowError: the plugin has `limits.pool_queue` calls waiting or running already.
        """
        return await self._call.pools.run(self._plugin, function, *args, **kwargs)

    def _check_open(self) -> None:
        check_thread(self._call.thread, "session")
        if self._call.state == "ended":
            raise SessionClosedError(f"session {self.id} has ended")

    def _check_connector(self, what: str) -> None:
        self._check_open()
        if self.product != "connector":
            raise LocalProtocolError(f"{what} needs an API key with product = connector")
