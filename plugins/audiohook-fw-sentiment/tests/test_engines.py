"""Engines are found by entry point; each utterance goes to the first that knows its language and works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from audiohook_fw_sentiment import SentimentSettings, Utterance
from audiohook_fw_sentiment.engines import Engines
from audiohook_fw_sentiment.totals import Outcome

from audiohook_fw import ConfigError

Install = Callable[..., None]


class Acme:
    """Knows German; notes what happens to it."""

    languages = ("de",)
    made: list[Acme] = []  # noqa: RUF012

    def __init__(self, score: float = 0.5) -> None:
        self.value = score
        self.happened: list[str] = []
        self.made.append(self)

    async def start(self) -> None:
        self.happened.append("start")

    def stop(self) -> None:
        self.happened.append("stop")

    async def score(self, utterance: Utterance) -> float:
        return self.value


@pytest.fixture(autouse=True)
def _no_engines() -> Iterator[None]:
    Acme.made.clear()
    yield
    Acme.made.clear()


async def run(function: Callable[..., Any], /, *args: Any) -> Any:
    return await asyncio.to_thread(function, *args)


async def started(**settings: Any) -> Engines:
    engines = Engines(SentimentSettings(**settings))
    await engines.start()
    return engines


async def test_vader_is_there() -> None:
    engines = await started()
    assert (await engines.score(Utterance("this is awful", "en-GB", "external"), run) or 0) < -0.3
    assert await engines.score(Utterance("das ist furchtbar", "de-DE", "external"), run) is None
    assert dict(engines.totals.counts) == {("vader", Outcome.SCORED): 1, ("", Outcome.LANGUAGE): 1}


async def test_words_and_the_list_are_settable() -> None:
    said = Utterance("please put the bogus widget on hold for me", "en", "external")
    assert await (await started()).score(said, run) != 0
    assert await (await started(words={"on hold for": 0})).score(said, run) == 0
    plain = await (await started(call_centre=False)).score(said, run)
    assert plain is not None
    assert plain > 0.2
    worse = await (await started(words={"bogus widget": -4})).score(said, run)
    assert worse is not None
    assert worse < -0.7


async def test_an_engine_by_entry_point_with_options(install: Install) -> None:
    install(acme=Acme)
    engines = await started(engines=["vader", "acme"], options={"acme": {"score": -0.25}})
    assert await engines.score(Utterance("gut", "de-AT", "external"), run) == -0.25
    assert await engines.score(Utterance("good", "en", "external"), run) != -0.25
    await engines.stop()
    assert Acme.made[0].happened == ["start", "stop"]


async def test_the_next_one_takes_over_while_the_first_rests(install: Install) -> None:
    class Broken(Acme):
        async def score(self, utterance: Utterance) -> float:
            raise OSError

    install(broken=Broken, acme=Acme)
    engines = await started(engines=["broken", "acme"])
    said = Utterance("gut", "de", "external")
    assert [await engines.score(said, run) for _ in range(5)] == [None, None, None, 0.5, 0.5]


async def test_when_all_rest_nothing_is_said(install: Install) -> None:
    class Broken(Acme):
        async def score(self, utterance: Utterance) -> float:
            raise OSError

    install(broken=Broken)
    engines = await started(engines=["broken"])
    for _ in range(4):
        assert await engines.score(Utterance("gut", "de", "external"), run) is None
    assert engines.totals.counts["", Outcome.RESTING] == 1


async def test_an_engine_that_is_not_installed(install: Install) -> None:
    install(acme=Acme)
    with pytest.raises(ConfigError, match=r"no engine 'acne' is installed \(here are: acme, vader\)"):
        await started(engines=["acne"])


def unmakeable() -> None:
    raise OSError("no model file")


@pytest.mark.parametrize(
    ("factory", "problem"),
    [
        (unmakeable, "'acme' cannot be made: OSError: no model file"),
        (dict, "'acme' is no engine: it has neither"),
    ],
)
async def test_what_cannot_be_made(install: Install, factory: object, problem: str) -> None:
    install(acme=factory)
    with pytest.raises(ConfigError, match=problem):
        await started(engines=["acme"])


async def test_when_one_does_not_start_the_others_are_stopped(install: Install) -> None:
    class Dead(Acme):
        async def start(self) -> None:
            raise ConnectionError("refused")

    install(acme=Acme, dead=Dead)
    with pytest.raises(ConfigError, match="'dead' does not start: ConnectionError: refused"):
        await started(engines=["acme", "dead"])
    assert Acme.made[0].happened == ["start", "stop"]


async def test_one_that_does_not_stop_is_told_and_left(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    class Stuck(Acme):
        def stop(self) -> None:
            raise OSError("busy with: my name is Ann")

    install(stuck=Stuck, acme=Acme)
    engines = await started(engines=["stuck", "acme"])
    await engines.stop()
    assert Acme.made[1].happened == ["start", "stop"]
    assert caplog.messages == ["sentiment engine stuck does not stop: OSError"]
