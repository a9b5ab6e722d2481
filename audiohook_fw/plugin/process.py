"""What plugins meet once per process: the server they run in, and where they add routes and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.metrics import Meter, NoOpMeter

from audiohook_fw.protocol import is_uuid

from .erasing import Erased
from .events import Event

if TYPE_CHECKING:
    from audiohook_fw.session import Session

__all__ = ["Command", "Commands", "Route", "RouteHandler", "Routes", "ServerContext"]

RouteHandler = Callable[[Any], Awaitable[Any]]
"""Takes an `aiohttp.web.Request` and returns an `aiohttp.web.StreamResponse`."""

Eraser = Callable[[str, float], Coroutine[Any, Any, Sequence[Erased]]]
"""Asks all plugins, given a conversation's id and seconds."""

ERASE_SECONDS: Final = 600.0
"""For all plugins together: a store may hold thousands of objects, and be slow."""

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


Announcer = Callable[[Event, float], Coroutine[Any, Any, bool]]
"""Tells all plugins an event, within so many seconds."""

ANNOUNCE_SECONDS: Final = 30.0
"""For all plugins together."""


class ServerContext:
    """The server a plugin runs in.

    Attributes:
        version: of audiohook-fw.
        node: the name of this server among others (`server.node`).
        meter: makes a plugin's own instruments, which `/metrics` shows; an `add` costs 10 µs: none per frame.
    """

    __slots__ = ("_announce", "_is_emitted", "_is_heard", "_sessions", "meter", "node", "version")

    def __init__(
        self,
        *,
        version: str,
        node: str,
        sessions: Callable[[], Iterable[Session]] = lambda: (),
        meter: Meter | None = None,
        announce: Announcer | None = None,
        is_heard: Callable[[str], bool] | None = None,
        is_emitted: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.version = version
        self.node = node
        self.meter: Meter = meter or NoOpMeter("audiohook_fw")
        self._sessions = sessions
        self._announce = announce
        self._is_heard = is_heard or (lambda _: announce is not None)
        self._is_emitted = is_emitted

    def __repr__(self) -> str:
        return f"<ServerContext {self.node} {self.version}>"

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The calls that are live now."""
        return tuple(self._sessions())

    def is_heard(self, event_type: type[Event]) -> bool:
        """Tell whether there is a plugin that takes such announcements: else nobody need make them."""
        return self._is_heard(event_type.event_type)

    def is_emitted(self, event_type: type[Event] | str) -> bool:
        """Tell whether a plugin that calls meet names an event, or its type, in `info.emits`.

        One that failed does not count, nor one that emits it without saying so. Before all have started,
        those that have not failed yet do: ask again for each call.
        """
        return self._is_emitted(event_type if isinstance(event_type, str) else event_type.event_type)

    async def announce(self, event: Event, *, timeout: float = ANNOUNCE_SECONDS) -> bool:
        """Tell all plugins an event that belongs to no live call (`on_announced`).

        While plugins start, it waits until all have. From another thread:
        `asyncio.run_coroutine_threadsafe(server.announce(event), loop)`. Cancelling stops the waiting.

        Args:
            timeout: seconds that all plugins have together.

        Returns:
            Whether all have taken it, quarantined ones and the announcer too; if not, announce it again
            later. Nobody is told once one of them is shut down: then it is for the next start.

        Raises:
            TypeError: that is no `Event`.
        """
        if not isinstance(event, Event):
            raise TypeError(f"announce takes an Event, not {type(event).__name__}")
        return True if self._announce is None else await self._announce(event, timeout)


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP route of a plugin.

    Attributes:
        plugin: whose it is.
        method: in capitals.
        path: below `/plugins/NAME`, beginning with `/`.
        handler: what answers.
        public: served on `server.port` for everybody; else on the admin port, with its token.
    """

    plugin: str
    method: str
    path: str
    handler: RouteHandler
    public: bool = False


class Routes:
    """Where one plugin adds its routes."""

    __slots__ = ("_plugin", "_routes")

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._routes: list[Route] = []

    def add(self, method: str, path: str, handler: RouteHandler, *, public: bool = False) -> None:
        """Serve `/plugins/NAME{path}`; not `public` means only on the admin port.

        Raises:
            ValueError: an unknown method, or a path that does not begin with `/` or leads out.
            TypeError: the handler cannot be called.
        """
        method = method.upper()
        if method not in _METHODS:
            raise ValueError(f"unknown method {method!r}; allowed: {', '.join(sorted(_METHODS))}")
        if not path.startswith("/"):
            raise ValueError(f"path {path!r} must begin with /")
        if ".." in path.split("/"):
            raise ValueError(f"path {path!r} must stay below /plugins/{self._plugin}/; take out the ..")
        if not callable(handler):
            raise TypeError(f"the handler of {path!r} cannot be called; give a function")
        self._routes.append(Route(self._plugin, method, path, handler, public))

    @property
    def routes(self) -> Sequence[Route]:
        """What was added."""
        return tuple(self._routes)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a plugin: a typer application."""

    plugin: str
    name: str
    app: Any


class Commands:
    """Where one plugin adds its commands, and where they ask all plugins for something."""

    __slots__ = ("_commands", "_erase", "_plugin")

    def __init__(self, plugin: str, *, erase: Eraser | None = None) -> None:
        self._plugin = plugin
        self._erase = erase
        self._commands: list[Command] = []

    def add(self, app: Any, *, name: str = "") -> None:
        """Offer a typer application as `audiohook-fw NAME …`; the plugin's own name unless another is given.

        Raises:
            ValueError: the plugin has added that name already.
        """
        name = name or self._plugin.replace("_", "-")
        if any(command.name == name for command in self._commands):
            raise ValueError(f"command {name!r} was added twice")
        self._commands.append(Command(self._plugin, name, app))

    def erase(self, conversation_id: str, *, timeout: float = ERASE_SECONDS) -> Sequence[Erased]:
        """Have all plugins delete what they keep of a conversation (`on_erase`); for the body of a command.

        Blocks; no event loop may run in this thread. Being interrupted leaves what is not deleted yet; asking
        again deletes it.

        Args:
            timeout: seconds that all plugins have together.

        Returns:
            What each plugin with the hook did, in configured order, and the plugins that could not be asked.

        Raises:
            ValueError: that is no UUID, as the ids of all conversations are.
        """
        if not is_uuid(conversation_id):
            raise ValueError(
                "the id of a conversation is a UUID, such as 6f1c3d58-1b2c-4d3e-8f90-0123456789ab"
            )
        return () if self._erase is None else asyncio.run(self._erase(conversation_id.lower(), timeout))

    @property
    def commands(self) -> Sequence[Command]:
        """What was added."""
        return tuple(self._commands)
