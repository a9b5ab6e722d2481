"""What rude clients do in their pauses: one call each, which sends what nobody may hear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from .curious import HOLDS, RELEASES, SLOW, STARTS_PAUSED
from .marks import Mark
from .rude import Rude
from .truth import CLIPS, read_speech

__all__ = ["ACTS", "SPEECH", "Act", "outside_of_a_pause"]

SPEECH = read_speech(CLIPS / "conversation.wav").audio().payload


def speech(start: float, seconds: float) -> list[bytes]:
    """Return frames of 200 ms of a conversation."""
    begin, end = round(start * 16_000), round((start + seconds) * 16_000)
    return [SPEECH[at : at + 3200] for at in range(begin, end, 3200)]


@dataclass
class Act:
    """One call: how it connects, and what it sends where it must not.

    Attributes:
        sent: how many frames and keys it has sent so.
    """

    mark: Mark
    connect: Callable[[Rude], Awaitable[Rude]]
    sent: list[int] = field(default_factory=lambda: [0, 0])
    clients: list[Rude] = field(default_factory=list)

    async def client(self, **ids: str) -> Rude:
        """Return a client that is connected."""
        client = await self.connect(Rude(**ids))
        self.clients.append(client)
        return client

    async def opened(self, language: str = "en-US", **ids: str) -> Rude:
        """Return a client whose call was opened, and has said something."""
        client = await self.client(**ids)
        await client.send(client.open(language))
        await client.until("opened")
        if language != STARTS_PAUSED:
            await client.speak(speech(0, 2))
        return client

    def secret(self, client: Rude, *, keys: bool = True) -> list[str | bytes]:
        """Return what is to be heard nowhere."""
        parts: list[str | bytes] = list(self.mark.frames)
        self.sent[0] += len(parts)
        if keys:
            typed = [self.mark.digits, *self.mark.digits]
            parts += [client.message("dtmf", digit=digit) for digit in typed]
            self.sent[1] += len(typed)
        return parts

    async def go_on(self, client: Rude, paused: float = 1.0) -> None:
        """End the pause, say something that may be heard, and close."""
        await client.send(client.resumed(paused))
        await client.speak(speech(4, 2))
        await client.close()


async def in_one_segment(act: Act) -> None:
    """Audio and keys lie right behind `paused`."""
    client = await act.opened()
    await client.send(client.message("paused"), *act.secret(client), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def in_small_bits(act: Act) -> None:
    """Audio comes in many small frames, so that some wait in the queue of the reader's task."""
    client = await act.opened()
    await client.send(client.message("paused"))
    audio = b"".join(act.mark.frames)
    bits = [audio[at : at + 320] for at in range(0, len(audio), 320)]
    act.sent[0] += len(bits)
    await client.send(*bits)
    await client.send(*act.secret(client, keys=True))
    await client.sync()
    await act.go_on(client)


async def after_a_while(act: Act) -> None:
    """The pause lasts, with pings in it; `paused` comes again and again, and call time stands still."""
    client = await act.opened()
    for _ in range(3):
        await client.send(client.message("paused"), client.message("paused"), *act.secret(client))
        await client.sync()
        await asyncio.sleep(0.2)
    await act.go_on(client, 0.0)


async def before_opened(act: Act) -> None:
    """The client pauses before it was let in, and sends audio before and after that."""
    client = await act.client()
    await client.send(client.open(SLOW), client.message("paused"), *act.secret(client, keys=False))
    await client.until("opened")
    await client.send(*act.secret(client))
    await client.sync()
    await act.go_on(client)


async def right_after_opened(act: Act) -> None:
    """A call that begins in a pause."""
    client = await act.client()
    await client.send(client.open())
    await client.until("opened")
    await client.send(client.message("paused"), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def on_a_start_in_pause(act: Act) -> None:
    """The server has the call begin paused; the client pauses, too, and still does when that is over."""
    client = await act.opened(STARTS_PAUSED)
    await client.send(client.message("paused"), *act.secret(client))
    await client.send(client.message("update", language=RELEASES))
    await client.until("resume")
    await client.send(*act.secret(client), client.message("paused"), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def on_top_of_ours(act: Act) -> None:
    """The server pauses, then the client does; the server's pause ends first."""
    client = await act.opened()
    await client.send(client.message("update", language=HOLDS))
    await client.until("pause")
    await client.send(client.message("paused"), client.message("paused"), *act.secret(client))
    await client.send(client.message("update", language=RELEASES))
    await client.until("resume")
    await client.send(*act.secret(client), client.message("paused"), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def below_ours(act: Act) -> None:
    """The client pauses, then the server does, and ends its pause."""
    client = await act.opened()
    await client.send(client.message("paused"), client.message("update", language=HOLDS))
    await client.until("pause")
    await client.send(*act.secret(client), client.message("paused"), *act.secret(client))
    await client.send(client.message("update", language=RELEASES))
    await client.until("resume")
    await client.send(client.message("paused"), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def crossing(act: Act) -> None:
    """The client's own `paused` crosses the server's `resume`."""
    client = await act.opened()
    await client.send(client.message("update", language=HOLDS))
    await client.until("pause")
    await client.send(client.message("paused"))
    await client.sync()
    seen = len(client.got)
    await client.send(client.message("update", language=RELEASES, serverseq=seen))
    await client.until("resume")
    await client.send(client.message("paused", serverseq=seen), *act.secret(client))
    await client.send(client.message("paused"), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def with_all_else(act: Act) -> None:
    """Discards, updates and complaints come in the pause, and audio after each."""
    client = await act.opened()
    await client.send(client.message("paused"), *act.secret(client))
    at = f"PT{client.position:.6f}S"
    await client.send(client.message("discarded", start=at, discarded="PT1S"), *act.secret(client))
    client.position += 1
    await client.send(client.message("update", language="en-US"), *act.secret(client))
    await client.send(client.message("error", code=500, message="?"), *act.secret(client))
    await client.send(client.message("playback_started"), client.message("news", a=1), *act.secret(client))
    await client.sync()
    await act.go_on(client)


async def closed_in_it(act: Act) -> None:
    """The call ends in the pause, and audio comes after `close`."""
    client = await act.opened()
    await client.send(client.message("paused"), *act.secret(client))
    after = act.secret(client, keys=False)
    await client.send(
        client.message("close", reason="end"), *after, client.message("dtmf", digit=act.mark.digits)
    )
    await client.until("closed")
    await client.cut()


async def broken_off_in_it(act: Act) -> None:
    """The connection breaks off in the pause."""
    client = await act.opened()
    await client.send(client.message("paused"), *act.secret(client))
    await client.sync()
    await client.cut()


async def against_the_rules(act: Act) -> None:
    """A message in the pause is none; audio comes after it."""
    client = await act.opened()
    await client.send(client.message("paused"), *act.secret(client), '{"digit": "' + act.mark.digits)
    await client.send(*act.secret(client, keys=False))
    await client.until("disconnect")
    await client.send(client.message("close", reason="error"))
    await client.until("closed")
    await client.cut()


async def malformed_keys(act: Act) -> None:
    """A key in the pause is malformed, and so a violation."""
    client = await act.opened()
    await client.send(client.message("paused"), client.message("dtmf", digit=int(act.mark.digits)))
    await client.until("disconnect")
    await client.send(client.message("close", reason="error"))
    await client.until("closed")
    await client.cut()


async def reconnected(act: Act) -> None:
    """The call goes on over another connection, while it is paused, and over a third with the same ids."""
    first = await act.opened()
    await first.send(first.message("paused"), *act.secret(first))
    await first.sync()
    before = [{"id": first.session, "serverseq": 1, "clientseq": 1}]
    second = await act.client(conversation=first.conversation)
    await second.send(second.open(continuedSessions=before))
    await second.until("opened")
    await second.send(second.message("paused"), *act.secret(second))
    await second.sync()
    await first.send(first.message("close", reason="reconnect"))
    await first.until("closed")
    third = await act.client(session=second.session, conversation=first.conversation)
    await third.send(third.open())
    await third.until("opened")
    await third.send(third.message("paused"), *act.secret(third))
    await third.sync()
    await act.go_on(third)
    await first.cut()
    await second.cut()


ACTS = (
    *(in_one_segment, in_small_bits, after_a_while, before_opened, right_after_opened, on_a_start_in_pause),
    *(on_top_of_ours, below_ours, crossing, with_all_else, closed_in_it, broken_off_in_it),
    *(against_the_rules, malformed_keys, reconnected),
)


async def outside_of_a_pause(act: Act) -> None:
    """What the others send in their pauses comes between them."""
    client = await act.opened()
    await client.send(client.message("paused"), client.resumed(0.5), *act.secret(client))
    await client.send(client.message("paused"))
    await client.sync()
    await act.go_on(client)
