"""Header fields: names without case, values trimmed and unfolded."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from audiohook_fw.auth import HeaderFields, UpgradeRequest


@pytest.mark.parametrize(
    "headers",
    [
        [("X-A", "1"), ("x-a", "2"), ("B", "3")],
        CIMultiDict([("X-A", "1"), ("x-a", "2"), ("B", "3")]),
        iter([("X-A", "1"), ("x-a", "2"), ("B", "3")]),
    ],
)
def test_pairs_and_multi_mappings_are_the_same(headers: object) -> None:
    fields = HeaderFields(headers)  # type: ignore[arg-type]
    assert list(fields.names()) == ["x-a", "b"]
    assert fields.lines("x-a") == ["1", "2"]
    assert fields.joined("x-a") == "1, 2"
    assert (fields.repeated("x-a"), fields.repeated("b")) == (True, False)


def test_absent_fields() -> None:
    fields = HeaderFields({})
    assert (fields.joined("x"), list(fields.lines("x")), fields.repeated("x")) == (None, [], False)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" \ta b\t ", "a b"),
        ("a\r\n b", "a b"),
        ("a \t\n\t  b", "a b"),
        ("a\nb", "a\nb"),
        ("\r\n a", "a"),
        ("", ""),
        ("\u00a0a", "\u00a0a"),
    ],
)
def test_values_are_trimmed_and_unfolded(value: str, read: str) -> None:
    assert HeaderFields([("x", value)]).joined("x") == read


def test_blanks_cost_no_quadratic_time() -> None:
    headers = HeaderFields([("x-blank", "a" + " " * 500_000 + "\r\n" + " " * 500_000 + "b")])
    assert headers.joined("x-blank") == "a b"


def test_repr_shows_no_header_and_no_target() -> None:
    request = UpgradeRequest("GET", "/ws?token=abc", "192.0.2.7", [("X-API-KEY", "abc")])
    assert repr(request) == "UpgradeRequest(method='GET', peer='192.0.2.7')"
