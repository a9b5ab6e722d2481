"""Every hook of audiohook_fw. The docstrings are the reference; `docs/reference` is made from them.

Implementations take any subset of the arguments by name. Six families, six contracts:
process (once per server), connection (before the upgrade), decision (before `opened`), call
(one handler per accepted call), event (no result, isolated per plugin) and filter (sync, ordered).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .markers import hookspec

if TYPE_CHECKING:
    from audiohook_fw.audio import AudioFrame
    from audiohook_fw.auth import Credential
    from audiohook_fw.protocol import MediaFormat
    from audiohook_fw.session import Session

    from .decisions import Accept, Decision, Reject
    from .events import Event
    from .handler import SessionHandler
    from .process import Commands, Routes, ServerContext
    from .values import ClientError, CloseReason, Gap, PauseOrigin, Playback, SessionSummary, Update

HOOK_API_VERSION: Final = 1
"""Counts the breaks of the hooks below: a plugin written for another number does not fit.
Raised only when a hook or an argument is removed or changes its meaning, never for an addition.
"""

Result = Awaitable[None] | None


# process family ---------------------------------------------------------------------------------
@hookspec
def on_startup(server: ServerContext, settings: Any) -> Result:
    """Prepare the plugin before the first call: connect, warm up, read files.

    `settings` is the plugin's validated `Settings` model, or `None` when it has none.

    Called: once per process, one plugin after the other in configured order.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: `limits.startup_timeout` for each plugin.
    On error: the plugin is `failed` and takes part in no call; a required plugin stops the server.
    Since: 0.1
    """


@hookspec
def on_shutdown(server: ServerContext) -> Result:
    """Let go of everything that `on_startup` took.

    Called: once per process after the last call, in reverse order, if `on_startup` succeeded.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: `limits.shutdown_timeout` for each plugin.
    On error: logged; the other plugins are shut down all the same.
    Since: 0.1
    """


@hookspec
def register_routes(routes: Routes) -> None:
    """Add HTTP routes below `/plugins/NAME/` with `routes.add`.

    Called: once per process, before the server listens.
    Family: process
    Delivery: plain function only.
    Deadline: none; it only collects.
    On error: the plugin is `failed` and none of its routes is served; a required plugin stops the server.
    Since: 0.1
    """


@hookspec
def register_commands(commands: Commands) -> None:
    """Add commands below `audiohook-fw NAME` with `commands.add`.

    Called: once, when the command line starts; no server runs then.
    Family: process
    Delivery: plain function only.
    Deadline: none; it only collects.
    On error: the plugin is `failed` and has no commands.
    Since: 0.1
    """


@hookspec
def check_health(server: ServerContext) -> Awaitable[str | None] | str | None:
    """Return `None` when the plugin is well, else one sentence that says what is wrong.

    Called: whenever the readiness of the server is asked for; all plugins at once.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: that of the readiness check.
    On error: counts as not healthy.
    Since: 0.1
    """


@hookspec
def supported_languages(server: ServerContext) -> Awaitable[Sequence[str] | None] | Sequence[str] | None:
    """Return the languages (BCP 47, 200 at most; `*` for any) that the plugin understands, or `None`.

    Called: after start-up; all answers are joined. Transcription Connector is paused in other languages.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: `limits.startup_timeout` for all plugins together.
    On error: logged; the plugin adds no language. What is no language tag is dropped.
    Since: 0.1
    """


@hookspec
def on_erase(conversation_id: str) -> Awaitable[int | None] | int | None:
    """Delete all that the plugin keeps of a conversation; return how many things that were, or `None`.

    The id is in lower case. If something cannot be deleted now, raise `PluginError`: the user reads its text.

    Called: for `Commands.erase`, of all plugins at once; no `on_startup` was, and a server may run beside.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: that of the command, 10 minutes unless it names another.
    On error: told to the command, which has not done what it was asked for; the others delete all the same.
    Since: 0.1
    """


@hookspec
def on_announced(event: Event) -> Result:
    """Take an event of no live call, such as `RecordingFinished`; it may come twice. Return when it is safe.

    Called: for `ServerContext.announce`, of all plugins that consume such events, also quarantined ones.
    Family: process
    Delivery: awaited when async; a plain function must not block.
    Deadline: that of the announcement, 30 s unless it names another.
    On error: logged and counted; who announced it tells it again.
    Since: 0.1
    """


# connection family ------------------------------------------------------------------------------
@hookspec
def check_address(address: str, headers: Mapping[str, str]) -> Awaitable[bool | None] | bool | None:
    """Return `False` to refuse a connection by its source, `True` to allow it, `None` for no opinion.

    Called: before the upgrade, of all plugins at once; the first answer in configured order counts.
    Family: connection
    Delivery: awaited when async; a plain function must not block.
    Deadline: `limits.address_timeout` for all plugins together.
    On error: logged; no opinion, or `False` when the plugin's `on_failure` is `reject`.
    Since: 0.1
    """


@hookspec
def find_credential(api_key: str, organization_id: str) -> Awaitable[Credential | None] | Credential | None:
    """Return the credential of an API key that the configuration does not know, or `None`.

    Called: before the upgrade, of all plugins at once; the first answer in configured order counts and is
        cached for `auth.credential_cache`.
    Family: connection
    Delivery: awaited when async; a plain function must not block.
    Deadline: `auth.credential_timeout` for all plugins together.
    On error: logged; the plugin knows no such key.
    Since: 0.1
    """


# decision family --------------------------------------------------------------------------------
@hookspec
def on_open(session: Session) -> Awaitable[Decision] | Decision:
    """Accept or reject a call, or return `None` for no opinion.

    Only decide here: slow work belongs in `on_opened`.

    Called: once per call, before `opened`; all plugins at once, judged in configured order: the first
        `Reject` wins.
    Family: decision
    Delivery: each async one in a task of its own; a plain function must not block.
    Deadline: `limits.decision_timeout` for all plugins together; the late are abandoned.
    On error: the plugin's own `on_failure` counts: `ignore` or `reject`. With `ignore`, failing in
        `limits.quarantine_calls` calls in a row within `limits.quarantine_window` shuts it out of new calls.
    Since: 0.1
    """


@hookspec
def select_media(session: Session, offers: Sequence[MediaFormat]) -> MediaFormat | None:
    """Return the one of the client's offers that is to be used, or `None` for no opinion.

    Called: once per accepted call, before `opened`; the first answer in configured order counts.
    Family: decision
    Delivery: plain function only; must not block.
    Deadline: none; it only chooses.
    On error: logged; no opinion.
    Since: 0.1
    """


# call family ------------------------------------------------------------------------------------
@hookspec
def create_handler(session: Session) -> SessionHandler | None:
    """Return the object whose methods are the event hooks of this call, or `None`.

    Called: once per accepted call, where the plugin runs, before its first event.
    Family: call
    Delivery: plain function only; must not block.
    Deadline: none; it only makes an object.
    On error: logged and counted; the plugin has no handler for this call.
    Since: 0.1
    """


# event family -----------------------------------------------------------------------------------
@hookspec
def on_decided(session: Session, decision: Accept | Reject) -> Result:
    """Learn how a call was decided, rejections too. Functions only: a rejected call has no handler.

    Called: once per call, before `on_opened`.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: of a rejected call `limits.hook_deadline`; else none.
    On error: logged and counted.
    Since: 0.1
    """


@hookspec
def on_opened(session: Session) -> Result:
    """`opened` was sent: the place for slow work; audio that arrives meanwhile waits in the lane.

    Called: once per accepted call, before any audio.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_audio(session: Session, frame: AudioFrame) -> Result:
    """One binary frame arrived while the stream was not paused.

    Called: for every frame, 5 to 50 times a second, in the order of call time.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound (`limits.lane_seconds` or the plugin's `max_lag`).
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_pause(session: Session, origin: PauseOrigin, position: int) -> Result:
    """The client confirmed a pause at call time `position` (samples); may come twice in a row.

    Called: for every `paused` of the client.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_resume(session: Session, gap: Gap) -> Result:
    """Audio goes on after a pause; `gap` is the call time that passed without audio.

    Called: for every `resumed` of the client.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_discarded(session: Session, gap: Gap) -> Result:
    """The client threw away audio; `gap` is the call time that is missing.

    Called: for every `discarded` of the client.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_update(session: Session, update: Update, position: int) -> Result:
    """The client changed something (its language) at call time `position` (samples).

    Called: for every `update` of the client.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_client_error(session: Session, error: ClientError) -> Result:
    """The client complained; the call goes on unless a `close` follows.

    Called: for every `error` of the client.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_dtmf(session: Session, digit: str, position: int) -> Result:
    """The caller pressed a key at call time `position` (samples).

    Called: for every `dtmf` of the client (Audio Connector), but in what may be a pause of its own.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_playback(session: Session, playback: Playback, position: int) -> Result:
    """The client started or completed playing what was sent, at call time `position` (samples).

    Called: for every `playback_started` and `playback_completed` of the client (Audio Connector).
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound.
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_event(session: Session, event: Event) -> Result:
    """Another plugin emitted an event that this plugin consumes (`info.consumes`; empty means every event).

    Called: after the filters, until every plugin's `on_close` has returned; never for its own events.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: none; the lane's bound (`limits.plugin_events`; the oldest interim is dropped first).
    On error: logged and counted; ten in a row put the plugin in quarantine for this call.
    Since: 0.1
    """


@hookspec
def on_close(session: Session, reason: CloseReason) -> Result:
    """Audio is over: emit what is pending now.

    Called: once per accepted call, also in quarantine, after the plugin's queued audio, and after the
        `on_close` of the plugins whose events it consumes; if a filter emits those, of all that emit any.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: `limits.hook_deadline` for all plugins together; then `closed` is sent and the hook runs on.
    On error: logged and counted.
    Since: 0.1
    """


@hookspec
def on_end(session: Session, summary: SessionSummary) -> Result:
    """The call is over: the place for uploads.

    Called: exactly once per accepted call, also in quarantine, as the plugin's last hook.
    Family: event
    Delivery: inline or in the plugin's lane, by colour.
    Deadline: `limits.end_deadline` after `close`; what still runs then is cancelled.
    On error: logged and counted.
    Since: 0.1
    """


# filter family ----------------------------------------------------------------------------------
@hookspec
def filter_event(session: Session, event: Event) -> Event | None:
    """Return the event, a changed event, or `None` to drop it, before other plugins and Genesys see it.

    Called: for every event emitted on the call, in configured order, also in quarantine (a broken filter
        must not let everything through).
    Family: filter
    Delivery: plain function only; must not block.
    Deadline: none; it stands between emitter and consumers.
    On error: the event is dropped, and counted.
    Since: 0.1
    """
