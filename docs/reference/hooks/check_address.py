"""Refuse connections from one network, whatever key they hold."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from audiohook_fw import OnFailure, PluginInfo, hookimpl

info = PluginInfo(summary="Blocks a network", on_failure=OnFailure.REJECT)

BLOCKED = ip_network("203.0.113.0/24")


@hookimpl
def check_address(address: str, headers: Mapping[str, str]) -> bool | None:
    """Have no opinion about all other addresses: `True` would speak for the plugins behind this one."""
    return False if ip_address(address) in BLOCKED else None
