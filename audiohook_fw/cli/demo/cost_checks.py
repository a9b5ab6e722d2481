"""Whether the cost plugin's figures are those of the client, which knows what it sent and when it paused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from audiohook_fw.client import CallReport

from .checks import Check
from .choice_script import PRICE, UNWANTED, WANTED
from .costs import Metered

__all__ = ["check_costs"]

_RATE: Final = 8000
_EXACT: Final = Decimal("0.000005")  # the meter rounds each of the calls to a millionth
_MILLISECOND: Final = 0.001  # what a report's seconds are rounded to


def check_costs(
    reports: tuple[CallReport, CallReport], calls: Sequence[Metered], totals: Sequence[Mapping[str, Any]]
) -> Iterator[Check]:
    """Yield whether the meter counted the two calls as the client did.

    Args:
        reports: of the wanted and of the unwanted call. calls: what the meter's file holds.
        totals: of the report, one for each currency.
    """
    by_session = {call.session: call for call in calls}
    wanted, unwanted = reports
    found = sorted((call.session, call.queue, call.ended) for call in calls)
    expected = sorted([(wanted.ids.session, WANTED, True), (unwanted.ids.session, UNWANTED, True)])
    text = "the meter has these two calls, each in its queue, and not the stranger"
    yield Check(text, "" if found == expected else f"it has calls of {[queue for _, queue, _ in found]}")
    problems = [_difference(report, by_session.get(report.ids.session)) for report in reports]
    yield Check(
        "it counted what was sent, lost and paused as the client did", "; ".join(filter(None, problems))
    )
    yield Check("the table's total is their sum, at the price of a minute", _wrong_total(calls, totals))


def _difference(report: CallReport, call: Metered | None) -> str:
    """Say where the meter is not right, to the sample.

    No message tells how long a pause was in which the call ended: no longer than the client had the call.
    """
    if call is None:
        return "a call is missing"
    ledger = report.ledger
    told = sum(pause.length or 0 for pause in ledger.pauses)
    lost = sum(gap.length for gap in ledger.discards)
    counted = (call.streamed, call.discarded, call.client_paused, call.without_media)
    if counted != (ledger.samples, lost, 0, 0):
        return f"{call.queue}: it has {counted} samples instead of {(ledger.samples, lost, 0, 0)}"
    most = told
    if ledger.pauses and ledger.pauses[-1].length is None:
        most += math.ceil(report.duration * _RATE)
    if not told <= call.server_paused <= most:
        return f"{call.queue}: {call.server_paused:,} samples of pause instead of {told:,} to {most:,}"
    return ""


def _wrong_total(calls: Sequence[Metered], totals: Sequence[Mapping[str, Any]]) -> str:
    if len(totals) != 1:
        return f"there are {len(totals)} totals"
    (total,) = totals
    seconds = {
        "connected_seconds": sum(call.connected for call in calls) / _RATE,
        "streamed_seconds": sum(call.streamed for call in calls) / _RATE,
        "server_paused_seconds": sum(call.server_paused for call in calls) / _RATE,
    }
    money = {
        "cost": _price(sum(call.streamed + call.discarded for call in calls)),
        "saved": _price(sum(call.server_paused for call in calls)),
    }
    wrong = [name for name, value in seconds.items() if abs(total[name] - value) > _MILLISECOND]
    wrong += [name for name, value in money.items() if abs(Decimal(total[name]) - value) > _EXACT]
    wrong += ["calls"] if (total["calls"], total["unfinished"]) != (len(calls), 0) else []
    return "; ".join(f"{name} is {total[name]}" for name in wrong)


def _price(samples: int) -> Decimal:
    return PRICE * samples / (60 * _RATE)
