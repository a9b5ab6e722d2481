"""A plugin with a span of its own: it belongs to the call's trace without further ado."""

from __future__ import annotations

import asyncio

from opentelemetry import trace

from audiohook_fw import PluginInfo, Session, hookimpl

info = PluginInfo(summary="Looks something up, and traces it")


@hookimpl
async def on_opened(session: Session) -> None:
    """Run in this plugin's lane, in the context of the call."""
    with trace.get_tracer("example").start_as_current_span("example.lookup"):
        await asyncio.sleep(0.05)
