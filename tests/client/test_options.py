from __future__ import annotations

import pytest

from audiohook_fw.client import Timeline, TimelineError
from audiohook_fw.protocol import MediaFormat


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"api_key": "no spaces"}, "the API key may hold"),
        ({"secret": b""}, "the secret is empty"),
        ({"organization": "acme"}, "the organization id is not a UUID"),
        ({"conversation": "1"}, "the conversation id is not a UUID"),
        ({"duration": -1.0}, "the duration is 0 to 86400 seconds"),
        ({"duration": float("inf")}, "the duration is"),
        ({"speed": float("nan")}, "the speed is"),
        ({"custom_config": {"x": "y" * 60_000}}, "bytes long, more than 60000"),
        ({"custom_config": {"x": float("nan")}}, "not JSON compliant"),
        ({"backlog": 20.1}, "the backlog is 0 to 20 seconds"),
        ({"frame_ms": 0.0}, "a frame is 1 to"),
        ({"speed": 0.0}, "the speed is above 0"),
        ({"retries": 6}, "0 to 5 retries"),
        (
            {"headers": {"x-api-key": "another"}},
            "the header 'x-api-key' cannot be added to the client's: that is one of them",
        ),
        ({"headers": {"Signature-Input": "sig1=()"}}, "the header 'Signature-Input' cannot be added"),
        ({"headers": {"Audiohook-Organization-Id": "x"}}, "cannot be added"),
        (
            {"headers": {"X Y": "z"}},
            "the header 'X Y' cannot be added to the client's: its name may hold letters",
        ),
        ({"headers": {"": "z"}}, "the header '' cannot be added"),
        ({"headers": {"X-Forwarded-For": "192.0.2.1\r\nHost: evil"}}, "its value may hold printable ASCII"),
    ],
)
def test_values_out_of_range_are_named(options, given, told):
    with pytest.raises(ValueError, match=told):
        options(**given)


def test_a_timeline_beyond_the_end_is_refused(options):
    with pytest.raises(TimelineError):
        options(duration=3.0, timeline=Timeline.parse(["pause@4"]))


def test_personal_data_and_secrets_are_not_in_repr(options):
    made = options(
        api_key="KEYKEYKEY",
        secret=b"SECRETSECRET",
        ani="tel:+491",
        ani_name="Ada Lovelace",
        dnis="tel:+492",
        custom_config={"queue": "vip"},
        input_variables={"name": "Grace"},
        headers={"X-Forwarded-For": "192.0.2.99"},
    )
    shown = repr(made)
    found = [
        text
        for text in ("KEYKEY", "SECRET", "+491", "Ada", "+492", "vip", "Grace", "192.0.2.99")
        if text in shown
    ]
    assert found == []


def test_offers_may_be_anything(options):
    unknown = {"type": "audio", "format": "OPUS", "channels": ["external"], "rate": 48000}
    made = options(media=(unknown, MediaFormat("L16", ("internal",))))
    assert made.offers == [
        unknown,
        {"type": "audio", "format": "L16", "channels": ["internal"], "rate": 8000},
    ]
