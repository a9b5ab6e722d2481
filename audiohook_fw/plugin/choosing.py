"""Which of the offered media a call has: the first plugin with an opinion says, else the wishes do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from audiohook_fw.errors import PluginError

from .call import PluginCall
from .compile import Call, bind, discard_awaitable
from .decide import default_media
from .running import tells

if TYPE_CHECKING:
    from audiohook_fw.protocol import MediaFormat

__all__ = ["choose_media"]

_log: Final = logging.getLogger(__name__)

Faulted = Callable[[str, BaseException], None]


def choose_media(calls: Sequence[PluginCall], offers: Sequence[MediaFormat], faulted: Faulted) -> MediaFormat:
    """Return the offer that the first plugin with an opinion chose, else what suits the wishes best.

    Args:
        faulted: gets the name of a plugin that raised or chose what was not offered, and the error.

    Raises:
        PluginError: there are no offers.
    """
    active = [call for call in calls if call.plugin.is_active]
    for call in active:
        for i in call.plugin.functions.get("select_media", ()):
            choose = bind("select_media", i.function, i.signature, call.view)
            chosen = _chosen(call, choose, offers, faulted)
            if chosen is not None:
                return chosen
    try:
        wishes = [call.plugin.info.audio for call in active]
        return default_media(offers, [wish for wish in wishes if wish is not None])
    except Exception as error:  # an info that was tampered with must not cost the call
        if not offers:
            raise
        _log.error("the wishes for audio cannot be read: %s", type(error).__name__)
        return offers[0]


@tells(lambda local: local["call"].running("select_media"))
def _chosen(
    call: PluginCall, choose: Call, offers: Sequence[MediaFormat], faulted: Faulted
) -> MediaFormat | None:
    try:
        chosen = choose(tuple(offers))
        if chosen is None:
            return None
        for offer in offers:
            if chosen == offer:
                return offer
        discard_awaitable(chosen)
        raise PluginError(call.name, "must return one of the offers", hook="select_media")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        faulted(call.name, error)
        return None
