"""Mail addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Found = Callable[..., list[tuple[str, str, str]]]


@pytest.mark.parametrize(
    "said",
    [
        "john.smith@example.org",
        "j_smith+shop@mail.example.co.uk",
        "john dot smith at gmail dot com",
        "john smith at g mail dot com",
        "j o h n underscore smith one two at outlook dot co dot uk",
        "jsmith ninety two at gmail com",
        "anna at hotmail",
        "m a r y at hotmail dot co dot u k",
        "john at sign example dot org",
        "peter hyphen chen at acme dash tools period net",
        "john(at)gmail(dot)com",
        "john [at] acme [dot] co [dot] uk",
        "j o h n dot s m i t h at a c m e t o o l s dot c o m",
        "j for john, o for oscar, h n at gmail dot com",
        "john smith no spaces all lowercase at my company dot com",
        "john smith all one word at acme dot com",
        "john at example dot museum",
        "mary at outlook",
    ],
)
def test_mail_addresses(said: str, found: Found) -> None:
    ((kind, _, value),) = found(f"it is {said} thanks")
    assert (kind, value) == ("email", said)


@pytest.mark.parametrize(
    "text",
    ["my website is acme dot com", "I was at home", "look at the dot", "we met at noon", "at the live show",
     "look at the picture dot by dot please", "we met at seven dot thirty", "look at amazon dot com",
     "I looked at booking dot com yesterday", "visit us at acme dot com for more"],
)  # fmt: skip
def test_what_is_no_address(text: str, found: Found) -> None:
    assert found(text) == []


def test_half_an_address(found: Found) -> None:
    assert found("john dot smith") == [("email", "half", "john dot smith")]
    assert found("my email is j o h n") == [("email", "half", "j o h n")]


def test_an_address_behind_at(found: Found) -> None:
    text = "write me at ann dot lee at acme dot com"
    assert [value for *_, value in found(text)] == ["ann dot lee at acme dot com"]
