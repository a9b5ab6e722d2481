"""Accept paused, look something up, and let the audio flow only if it is wanted."""

from __future__ import annotations

import asyncio

from audiohook_fw import Accept, Hold, Session, SessionClosedError, hookimpl


async def look_up(conversation_id: str) -> str:
    """Ask a slow service; here it only waits."""
    await asyncio.sleep(0.01)
    return "sales"


@hookimpl
def on_open(session: Session) -> Accept:
    """Start without audio."""
    return Accept(start_paused=True)


@hookimpl
async def on_opened(session: Session) -> None:
    """Release the hold that `start_paused` took; the call may have ended meanwhile."""
    hold: Hold | None = session.start_hold
    queue = await look_up(session.conversation_id)
    try:
        session.update_context(queue=queue)
    except SessionClosedError:
        return
    if queue == "sales" and hold is not None:
        hold.release()
