"""audiohook_fw: a plugin-based server for the Genesys Cloud AudioHook protocol.

These names are what plugins are written with. `audiohook_fw.protocol` and `audiohook_fw.audio` are usable
alone, `audiohook_fw.client` plays calls; all else is internal.
"""

from importlib.metadata import version as _version

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
    Event,
    Gap,
    OnFailure,
    Overflow,
    PauseOrigin,
    Playback,
    PluginInfo,
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
