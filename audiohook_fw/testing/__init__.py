"""What plugin authors test with: a call driven by hand, a real server, a scripted client, a contract."""

from __future__ import annotations

from .audio import CallAudio
from .client import play_call
from .contract import PluginContract
from .control import Disconnected
from .driver import CallDriver
from .facts import Facts, read_facts
from .rules import RULES, ContractFailure, NotTriedError, Rule, Subject, check_plugin
from .server import ServerThread
from .stage import Fault
from .virtual_loop import VirtualLoop

__all__ = [
    "RULES",
    "CallAudio",
    "CallDriver",
    "ContractFailure",
    "Disconnected",
    "Facts",
    "Fault",
    "NotTriedError",
    "PluginContract",
    "Rule",
    "ServerThread",
    "Subject",
    "VirtualLoop",
    "check_plugin",
    "play_call",
    "read_facts",
]
