"""audiohook_fw: a plugin-based server for the Genesys Cloud AudioHook protocol.

These names are what plugins are written with. `audiohook_fw.protocol` and `audiohook_fw.audio` are usable
alone, `audiohook_fw.client` plays calls, `audiohook_fw.replay` recorded ones; all else is internal.
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .audio import AudioFrame
    from .auth import Credential
    from .errors import (
        AudiohookDeprecationWarning,
        AudiohookError,
        ConfigError,
        LocalProtocolError,
        PluginError,
        SessionClosedError,
    )
    from .plugin import (
        HOOK_API_VERSION,
        Accept,
        AudioWish,
        BotTurnResponse,
        CallStatistics,
        ClientError,
        CloseReason,
        Commands,
        ContextChanged,
        Decision,
        Erased,
        Event,
        Gap,
        OnFailure,
        Overflow,
        PauseOrigin,
        Playback,
        PluginInfo,
        RecordingFinished,
        Reject,
        Routes,
        Sentiment,
        ServerContext,
        SessionHandler,
        SessionSummary,
        SpeechEnded,
        SpeechStarted,
        Stash,
        StashKey,
        Transcript,
        Update,
        Word,
        hookimpl,
    )
    from .protocol import ClientPause, MediaFormat
    from .session import Hold, Session

__version__ = _version("audiohook-fw")

__all__ = [
    "HOOK_API_VERSION",
    "Accept",
    "AudioFrame",
    "AudioWish",
    "AudiohookDeprecationWarning",
    "AudiohookError",
    "BotTurnResponse",
    "CallStatistics",
    "ClientError",
    "ClientPause",
    "CloseReason",
    "Commands",
    "ConfigError",
    "ContextChanged",
    "Credential",
    "Decision",
    "Erased",
    "Event",
    "Gap",
    "Hold",
    "LocalProtocolError",
    "MediaFormat",
    "OnFailure",
    "Overflow",
    "PauseOrigin",
    "Playback",
    "PluginError",
    "PluginInfo",
    "RecordingFinished",
    "Reject",
    "Routes",
    "Sentiment",
    "ServerContext",
    "Session",
    "SessionClosedError",
    "SessionHandler",
    "SessionSummary",
    "SpeechEnded",
    "SpeechStarted",
    "Stash",
    "StashKey",
    "Transcript",
    "Update",
    "Word",
    "__version__",
    "hookimpl",
]

if not TYPE_CHECKING:
    # pytest imports this package in every environment it is installed in, for the fixtures of `testing`; and
    # `audiohook_fw.protocol` is of use alone. So a public name is imported when it is first asked for.

    def __getattr__(name: str) -> Any:
        if name in __all__:
            for part in ("plugin", "session", "audio", "auth", "errors", "protocol"):
                module = _import_module(f"{__name__}.{part}")
                if name in module.__all__:
                    return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
