"""Accept or reject a call: ask every policy at once, judge in configured order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from audiohook_fw.errors import PluginError, PluginTimeoutError

from .ask import Answer, Question, SpanFactory, TaskHold, ask
from .decisions import Accept, Reject
from .info import AudioWish, OnFailure

if TYPE_CHECKING:
    from audiohook_fw.protocol import MediaFormat

__all__ = ["Failure", "Verdict", "decide", "default_media"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin that raised, was late, or answered nonsense; the error is for logs without its text."""

    plugin: str
    error: BaseException = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a call was decided.

    Attributes:
        decision: the joined `Accept`, or the first `Reject`.
        by: the plugin that rejected; empty when accepted.
        accepts: what each plugin that accepted answered, by name.
        failures: the plugins that failed, in configured order.
        seconds: how long each plugin took that was heard, by name.
    """

    decision: Accept | Reject
    by: str
    accepts: Mapping[str, Accept]
    failures: tuple[Failure, ...]
    seconds: Mapping[str, float]

    @property
    def accepted(self) -> bool:
        """Whether the call is taken."""
        return isinstance(self.decision, Accept)


async def decide(
    questions: Sequence[Question],
    on_failure: Callable[[str], OnFailure],
    timeout: float,
    *,
    hold: TaskHold,
    span: SpanFactory | None = None,
) -> Verdict:
    """Return the verdict of `on_open`.

    The first `Reject` in configured order wins, and is returned as soon as every plugin before it has
    answered. A plugin that raises, is late or answers with another type counts as its own `on_failure` says.
    """

    def judged(answer: Answer) -> Answer:
        if not answer.failed and not isinstance(answer.value, Accept | Reject | None):
            problem = f"must return Accept, Reject or None, not {type(answer.value).__name__}"
            answer = replace(answer, error=PluginError(answer.plugin, problem, hook="on_open"))
        if answer.failed:
            reject = on_failure(answer.plugin) is OnFailure.REJECT
            answer = replace(answer, value=Reject(reason="error") if reject else None)
        return answer

    answers = await ask(
        "on_open",
        questions,
        timeout,
        final=lambda answer: isinstance(judged(answer).value, Reject),
        hold=hold,
        span=span,
    )
    return _verdict([judged(answer) for answer in answers])


def _verdict(answers: Sequence[Answer]) -> Verdict:
    accepts = {a.plugin: a.value for a in answers if isinstance(a.value, Accept)}
    decision: Accept | Reject = _joined(accepts.values())
    by = ""
    if answers and isinstance(answers[-1].value, Reject):
        decision, by = answers[-1].value, answers[-1].plugin
    failures = tuple(Failure(a.plugin, _error(a)) for a in answers if a.failed)
    return Verdict(decision, by, accepts, failures, {a.plugin: a.seconds for a in answers})


def _error(answer: Answer) -> BaseException:
    return answer.error or PluginTimeoutError(answer.plugin, "gave no answer in time", hook="on_open")


def _joined(accepts: Iterable[Accept]) -> Accept:
    paused, furthest, tags = False, None, dict[str, str]()
    for accept in accepts:
        paused = paused or accept.start_paused
        if accept.discard_to is not None:
            furthest = accept.discard_to if furthest is None else max(furthest, accept.discard_to)
        tags = {**accept.tags, **tags}
    return Accept(paused, furthest, tags)


def default_media(offers: Sequence[MediaFormat], wishes: Sequence[AudioWish]) -> MediaFormat:
    """Return the offer that satisfies most wishes; among equals stereo first, then PCMU, then the first.

    Raises:
        PluginError: there are no offers.
    """
    if not offers:
        raise PluginError("", "no media offer to choose from", hook="select_media")

    def merit(offer: MediaFormat) -> tuple[int, int, bool]:
        content = sum(_satisfies(offer, wish) for wish in wishes)
        return content, len(offer.channels), offer.format == "PCMU"

    return max(offers, key=merit)  # max keeps the first of equals


def _satisfies(offer: MediaFormat, wish: AudioWish) -> bool:
    return set(wish.channels) <= set(offer.channels) and wish.format in ("", offer.format)
