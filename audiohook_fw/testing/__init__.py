"""What plugin authors test with: a call driven by hand, a real server, a scripted client, a contract."""

from __future__ import annotations

from .audio import CallAudio
from .client import play_call
from .control import Disconnected
from .driver import CallDriver
from .server import ServerThread
from .stage import Fault
from .virtual_loop import VirtualLoop

__all__ = ["CallAudio", "CallDriver", "Disconnected", "Fault", "ServerThread", "VirtualLoop", "play_call"]
