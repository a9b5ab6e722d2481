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
    ],
)
def test_mail_addresses(said: str, found: Found) -> None:
    ((kind, _, value),) = found(f"it is {said} thanks")
    assert (kind, value) == ("email", said)


@pytest.mark.parametrize(
    "text",
    ["my website is acme dot com", "I was at home", "look at the dot", "we met at noon", "at the live show",
     "look at the picture dot by dot please"],
)  # fmt: skip
def test_what_is_no_address(text: str, found: Found) -> None:
    assert found(text) == []


def test_half_an_address(found: Found) -> None:
    assert found("john dot smith") == [("email", "half", "john dot smith")]
    assert found("my email is j o h n") == [("email", "half", "j o h n")]
