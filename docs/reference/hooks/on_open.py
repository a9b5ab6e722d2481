"""Take calls to one number only, paused until somebody knows more, and fail closed."""

from __future__ import annotations

from audiohook_fw import Accept, Decision, OnFailure, PluginInfo, Reject, Session, hookimpl

info = PluginInfo(summary="Takes calls of the sales line", on_failure=OnFailure.REJECT)


@hookimpl
def on_open(session: Session) -> Decision:
    """Decide from what `open` says; what needs a look-up is for `on_opened`."""
    if session.participant.dnis != "tel:+4980012345":
        return Reject()
    return Accept(start_paused=True, tags={"line": "sales"})
