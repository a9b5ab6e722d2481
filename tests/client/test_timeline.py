from __future__ import annotations

import pytest

from audiohook_fw.client import (
    AbortAt,
    CongestAt,
    DiscardAt,
    DtmfAt,
    ErrorAt,
    PauseAt,
    ResumeAt,
    Timeline,
    TimelineError,
    UpdateAt,
)


def test_every_action_is_read_and_put_in_order():
    timeline = Timeline.parse(
        [
            "abort@20",
            "pause@5, resume@8.5",
            "discard@10+2.5,congest@15+3,",
            "update@12=de-DE",
            "update@13",
            "error@14=429",
            "dtmf@3=#",
        ]
    )
    assert list(timeline) == [
        DtmfAt(3, "#"),
        PauseAt(5),
        ResumeAt(8.5),
        DiscardAt(10, 2.5),
        UpdateAt(12, "de-DE"),
        UpdateAt(13, None),
        ErrorAt(14, 429),
        CongestAt(15, 3),
        AbortAt(20),
    ]
    assert len(timeline) == 9


def test_actions_of_one_time_keep_their_order():
    assert list(Timeline.parse(["pause@1,resume@1"])) == [PauseAt(1), ResumeAt(1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jump@3", "'jump@3' is no action: known are pause@5, resume@8, discard@10+2.5"),
        ("pause", "'pause' is not understood: write it like pause@5"),
        ("pause@-1", "write it like pause@5"),
        ("pause@5+2", "write it like pause@5"),
        ("pause@5=x", "write it like pause@5"),
        ("discard@5", "write it like discard@10+2.5"),
        ("error@5", "write it like error@14=400"),
        ("error@5=bad", "write it like error@14=400"),
        ("dtmf@5=55", "one of 0-9 * # A-D"),
        ("congest@5+0", "congest@5: its length must be above 0"),
        ("resume@5", "resume@5: the client is not paused"),
        ("pause@5,pause@6", "pause@6: the client is paused already"),
        ("pause@5,discard@6+1", "discard@6: no audio flows in a client's pause"),
        ("abort@5,pause@6", "pause@6 comes after abort@5"),
    ],
)
def test_what_makes_no_sense_is_named(text, told):
    with pytest.raises(TimelineError) as raised:
        Timeline.parse([text])
    assert told in str(raised.value)


def test_an_action_after_the_end_is_named():
    with pytest.raises(TimelineError, match=r"pause@5 comes after the end of the call at 4 s"):
        Timeline.parse(["pause@5"]).check_end(4)
    Timeline.parse(["pause@4"]).check_end(4)


def test_keys_are_personal_data():
    assert "7" not in repr(Timeline.parse(["dtmf@3=7"])) + repr(DtmfAt(3, "7"))
