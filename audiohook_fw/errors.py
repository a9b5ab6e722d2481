"""The exceptions of this package: one tree, each class saying whose fault it names.

A leaf: it imports nothing of ours, so that every package may raise from it.
"""

from __future__ import annotations

__all__ = [
    "AudiohookDeprecationWarning",
    "AudiohookError",
    "AuthenticationError",
    "ConfigError",
    "LocalProtocolError",
    "PluginConfigError",
    "PluginError",
    "PluginLoadError",
    "PluginOverflowError",
    "PluginTimeoutError",
    "ProtocolError",
    "RemoteProtocolError",
    "SessionClosedError",
]


class AudiohookError(Exception):
    """Base of every exception that audiohook_fw raises on purpose."""


class AudiohookDeprecationWarning(DeprecationWarning):
    """Warns of what will stop working: names the plugin, what it uses, until when, and what to change."""


class ConfigError(AudiohookError):
    """Raised when a setting is wrong: names the setting, where it came from and what is allowed."""

    def __init__(self, setting: str, problem: str, *, source: str = "") -> None:
        self.setting = setting
        self.problem = problem
        self.source = source
        super().__init__(setting, problem, source)

    def __str__(self) -> str:
        origin = f" (from {self.source})" if self.source else ""
        return f"{self.setting}{origin}: {self.problem}"


class ProtocolError(AudiohookError):
    """Base of the two protocol errors: somebody did what AudioHook version 2 forbids."""


class LocalProtocolError(ProtocolError):
    """Raised when we, or a plugin through us, tried what the present state forbids."""


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule of the protocol; carries what to answer.

    Attributes:
        code: the protocol's error code (400, 409, 413, …), which a client sends in `error`.
        reason: the reason a server gives in its `disconnect` (`error` or `unauthorized`).
    """

    def __init__(self, message: str, *, code: int = 400, reason: str = "error") -> None:
        self.message = message
        self.code = code
        self.reason = reason
        super().__init__(message)


class AuthenticationError(AudiohookError):
    """Raised when an upgrade request is refused; `reason` is for logs and metrics, never the wire."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SessionClosedError(AudiohookError):
    """Raised when a session is used after it ended."""


class PluginError(AudiohookError):
    """A plugin failed; names the plugin and the hook, the cause is chained."""

    def __init__(self, plugin: str, problem: str, *, hook: str = "") -> None:
        self.plugin = plugin
        self.hook = hook
        self.problem = problem
        super().__init__(plugin, problem, hook)

    def __str__(self) -> str:
        where = f"{self.plugin}.{self.hook}" if self.hook else self.plugin
        return f"plugin {where}: {self.problem}"


class PluginLoadError(PluginError):
    """Raised when a plugin cannot be loaded: import, name, hooks or signatures are wrong."""


class PluginConfigError(PluginError):
    """Raised when a plugin's settings section does not fit its `Settings` model."""


class PluginTimeoutError(PluginError):
    """A hook did not return before its deadline."""


class PluginOverflowError(PluginError):
    """More was put in than may wait: in a lane whose overflow policy is `fail`, or in `run_blocking`."""
