"""What plugin authors test with.

A call driven by hand, a real server, a scripted client, a fake of Genesys Cloud's Platform API, a contract.
"""

from __future__ import annotations

from audiohook_fw.stage import Fault, VirtualLoop

from .audio import CallAudio
from .client import play_call
from .contract import PluginContract
from .control import Disconnected
from .driver import CallDriver
from .facts import Facts, read_facts
from .platform import FakePlatform
from .platform_faults import PlatformFault, PlatformRequest
from .platform_state import FakeConversation
from .rules import RULES, ContractFailure, NotTriedError, Rule, Subject, check_plugin
from .server import ServerThread

__all__ = [
    "RULES",
    "CallAudio",
    "CallDriver",
    "ContractFailure",
    "Disconnected",
    "Facts",
    "FakeConversation",
    "FakePlatform",
    "Fault",
    "NotTriedError",
    "PlatformFault",
    "PlatformRequest",
    "PluginContract",
    "Rule",
    "ServerThread",
    "Subject",
    "VirtualLoop",
    "check_plugin",
    "play_call",
    "read_facts",
]
