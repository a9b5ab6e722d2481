"""What is known of the client's own pause. `s` below is the `serverseq` of what the client wrote."""

from __future__ import annotations

import pytest

from audiohook_fw.protocol import ClientPause, PauseFlags

NO, YES, UNKNOWN = ClientPause.NO, ClientPause.YES, ClientPause.UNKNOWN


def play(*steps: str) -> tuple[PauseFlags, list[bool]]:
    """Play `pause 3` / `resume 4` (our message numbers) and `paused 3` / `resumed 4` (serverseq)."""
    flags, proofs = PauseFlags(), []
    for step in steps:
        what, _, number = step.partition(" ")
        seq = int(number) if number else None
        if what in ("pause", "resume"):
            assert seq is not None
            flags.sent(pause=what == "pause", seq=seq)
        elif what == "paused":
            proofs.append(flags.paused(seq))
        else:
            flags.resumed(seq)
    return flags, proofs


@pytest.mark.parametrize(
    ("steps", "proofs", "client"),
    [
        # nothing, and the client alone
        ([], [], NO),
        (["paused 1"], [True], YES),
        (["paused 1", "paused 1"], [True, True], YES),
        (["paused 1", "resumed 1"], [True], NO),
        (["paused"], [True], YES),
        # the server alone
        (["pause 2", "paused 2"], [False], NO),
        (["pause 2", "paused"], [False], NO),
        (["pause 2", "paused 2", "resume 3", "resumed 3"], [False], NO),
        (["pause 2", "paused 2", "resume 3", "resumed"], [False], NO),
        (["pause 2", "pause 3", "paused 2", "paused 3"], [False, False], NO),
        (["pause 2", "pause 3", "paused 3", "paused 3"], [False, False], NO),
        (["resume 2", "resumed 2"], [], NO),
        # a second `paused` proves nothing: the official client doubles every one
        (["pause 2", "paused 2", "paused 2"], [False, False], UNKNOWN),
        (["pause 2", "paused 2", "paused 2", "resume 3", "resumed 3"], [False, False], NO),
        # both: the answer to `resume` tells
        (["pause 2", "paused 2", "paused 2", "resume 3", "paused 3"], [False, False, True], YES),
        (["paused 1", "pause 2"], [True], UNKNOWN),
        (["paused 1", "pause 2", "paused 2"], [True, False], UNKNOWN),
        (["paused 1", "pause 2", "paused 2", "resume 3", "paused 3"], [True, False, True], YES),
        (["paused 1", "pause 2", "paused 2", "resume 3", "resumed 3"], [True, False], NO),
        # messages that cross on the wire are judged by what the client had seen
        (["pause 2", "paused 1"], [True], UNKNOWN),
        (["pause 2", "paused 1", "paused 2", "resume 3", "paused 3"], [True, False, True], YES),
        (["pause 2", "paused 2", "resume 3", "paused 2"], [False, False], UNKNOWN),
        (["pause 2", "resume 3", "paused 2", "resumed 3"], [False], NO),
        (["pause 2", "resume 3", "paused 1"], [True], YES),
        (["pause 2", "resume 3", "pause 4", "paused 2"], [False], NO),
        (["pause 2", "resume 3", "pause 4", "paused 2", "resumed 3", "paused 4"], [False, False], NO),
        (["paused 1", "pause 2", "resumed 1", "paused 2"], [True, False], NO),
        (["resume 2", "pause 3", "paused 2"], [True], UNKNOWN),
        # a client that leaves an answer out, then says it pauses by itself
        (
            ["pause 2", "resume 3", "paused 3", "pause 4", "paused 4", "paused 4"],
            [True, False, False],
            UNKNOWN,
        ),
        (["pause 2", "resume 3", "resumed 3", "pause 4", "paused 4", "paused 4"], [False, False], UNKNOWN),
        # acknowledgements that run backwards confuse nobody
        (["pause 2", "paused 2", "paused 0"], [False, False], UNKNOWN),
    ],
)
def test_what_is_known(steps: list[str], proofs: list[bool], client: ClientPause):
    flags, seen = play(*steps)
    assert (seen, flags.client) == (proofs, client)


def test_the_server_flag_is_the_last_command():
    assert not play()[0].server
    assert play("pause 2")[0].server
    assert play("pause 2", "paused 2", "paused 2")[0].server
    assert not play("pause 2", "resume 3")[0].server


def test_a_client_that_acknowledges_nothing_costs_no_memory():
    flags, _ = play(*(f"{'pause' if seq % 2 else 'resume'} {seq}" for seq in range(1, 10_000)))
    held = [getattr(flags, name) for name in flags.__slots__]
    assert max(len(item) for item in held if not isinstance(item, (bool, str))) <= 64
    assert not flags.paused(9999)


@pytest.mark.parametrize(
    ("steps", "secure"),
    [
        ([], False),
        (["pause 2", "paused 2"], False),
        (["paused 1"], True),
        (["paused 1", "resumed 1"], False),
        (["paused 1", "pause 2", "paused 2"], True),
        (["pause 2", "paused 2", "paused 2"], True),
        (["pause 2", "paused 2", "paused 2", "resume 3", "resumed 3"], False),
    ],
)
def test_what_may_be_a_pause_of_the_client_s(steps: list[str], secure: bool):
    assert play(*steps)[0].may_be_secure is secure


def test_a_pause_from_the_start_may_be_of_both_sides_until_audio_goes_on():
    flags = PauseFlags()
    flags.sent(pause=True, seq=1, from_start=True)
    flags.paused(1)
    assert (flags.client, flags.may_be_secure) == (NO, True)
    flags.sent(pause=False, seq=2)
    assert flags.may_be_secure
    flags.resumed(2)
    flags.sent(pause=True, seq=3)
    flags.paused(3)
    assert not flags.may_be_secure
