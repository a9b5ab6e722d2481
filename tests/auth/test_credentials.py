"""API keys and secrets: forms, rights, and that none of them ever shows."""

from __future__ import annotations

import copy
import traceback
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.auth import Credential, KeyRing, decode_secret, is_api_key

SECRET = "TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"


@given(st.binary(min_size=1))
def test_decode_secret_with_and_without_padding(secret: bytes) -> None:
    text = b64encode(secret).decode()
    assert decode_secret(text) == secret
    assert decode_secret(text.rstrip("=")) == secret
    assert decode_secret(f" {text}\n") == secret


@pytest.mark.parametrize(
    "text", ["", " ", "=", "====", "A", "AAAAA", "AAA==", "AA=", "AAAA=", "A-_A", "ÄÄÄÄ", "AA AA", "٣٣٣٣"]
)
def test_decode_secret_refuses_other_texts(text: str) -> None:
    with pytest.raises(ValueError, match=r"the secret is (not base64|empty)") as refused:
        decode_secret(text)
    assert not text.strip("= ") or text not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh", True),
        ("a+/_-9==", True),
        ("a=", True),
        ("", False),
        ("==", False),
        ("a===", False),
        ("a=b", False),
        ("a b", False),
        ("a\n", False),
        ("a.b", False),
        ("ä", False),
    ],
)
def test_is_api_key(text: str, good: bool) -> None:
    assert is_api_key(text) is good


def test_from_text_reads_what_people_write() -> None:
    credential = Credential.from_text(
        name="main",
        api_key="key",
        secrets=[SECRET, "AAAA"],
        organizations=[UUID(ORGANIZATION), "30B0E395-84D3-4570-AC13-9A62D8F514C0"],
        product="connector",
        byte_order="big",
        interims=True,
    )
    assert credential.secrets == (b"MySuperSecretKeyTellNo-1!2@3#4$5", bytes(3))
    assert credential.organizations == {ORGANIZATION, "30b0e395-84d3-4570-ac13-9a62d8f514c0"}
    assert (credential.name, credential.product, credential.byte_order) == ("main", "connector", "big")
    assert (credential.interims, credential.unsigned) == (True, False)


@pytest.mark.parametrize(
    ("organizations", "allowed"),
    [
        (["*"], True),
        ([ORGANIZATION], True),
        ([ORGANIZATION.upper()], True),
        (["30b0e395-84d3-4570-ac13-9a62d8f514c0"], False),
        (["30b0e395-84d3-4570-ac13-9a62d8f514c0", "*"], True),
    ],
)
def test_organizations(organizations: list[str], allowed: bool) -> None:
    credential = Credential.from_text(api_key="key", secrets=[SECRET], organizations=organizations)
    assert credential.allows(ORGANIZATION) is allowed
    assert credential.allows(ORGANIZATION.upper()) is allowed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"api_key": "secret key", "unsigned": True}, "the API key may hold"),
        ({"api_key": "", "unsigned": True}, "the API key may hold"),
        ({}, "either a secret or `unsigned`"),
        ({"secrets": [SECRET], "unsigned": True}, "either a secret or `unsigned`"),
        ({"secrets": [SECRET, "se.cret"]}, "not base64"),
        ({"secrets": [""]}, "the secret is empty"),
        ({"unsigned": True, "organizations": []}, "no organization may use it"),
        ({"unsigned": True, "organizations": ["everyone"]}, "not a UUID"),
    ],
)
def test_wrong_credentials_are_refused_by_name(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        Credential.from_text(**({"name": "main", "api_key": "aabbccdd"} | arguments))
    shown = "".join(traceback.format_exception(refused.value))
    assert "key 'main'" in shown
    assert not any(text in str(refused.value) for text in ("aabbccdd", "secret key", SECRET, "se.cret"))


def test_empty_decoded_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="a secret is empty"):
        Credential(api_key="key", secrets=(b"good", b""))


def test_neither_key_nor_secret_ever_shows() -> None:
    credential = Credential.from_text(name="main", api_key="aabbccdd", secrets=[SECRET], product="monitor")
    ring = KeyRing([credential])
    for shown in (
        repr(credential),
        str(credential),
        f"{credential}",
        repr([credential]),
        repr(ring),
        str(ring),
    ):
        assert not any(text in shown for text in ("aabbccdd", SECRET, "MySuperSecret"))
    assert repr(credential) == "Credential(name='main', product='monitor')"
    assert repr(ring) == "KeyRing(1 keys)"


def test_credentials_are_values() -> None:
    credential = Credential(api_key="key", unsigned=True)
    assert copy.copy(credential) == credential
    assert hash(copy.copy(credential)) == hash(credential)
    with pytest.raises(AttributeError):
        credential.unsigned = False  # type: ignore[misc]


def test_key_ring_finds_by_key() -> None:
    one, two = Credential(api_key="one", unsigned=True), Credential(api_key="two", unsigned=True)
    ring = KeyRing([one, two])
    assert (ring.get("one"), ring.get("two"), ring.get("three"), len(ring)) == (one, two, None, 2)


def test_key_ring_is_replaced_whole() -> None:
    one, two = Credential(api_key="one", unsigned=True), Credential(api_key="two", unsigned=True)
    ring = KeyRing([one])
    ring.replace([two])
    assert (ring.get("one"), ring.get("two")) == (None, two)


def test_key_ring_keeps_the_old_keys_when_the_new_ones_are_wrong() -> None:
    one = Credential(name="first", api_key="oneone", unsigned=True)
    other = Credential(name="second", api_key="oneone", secrets=(b"x",))
    ring = KeyRing([one])
    with pytest.raises(ValueError, match="keys 'first' and 'second'") as refused:
        ring.replace([one, other])
    assert "oneone" not in str(refused.value)
    assert ring.get("oneone") is one


def test_key_ring_keeps_the_old_keys_when_reading_the_new_ones_fails() -> None:
    one = Credential(api_key="one", unsigned=True)
    ring = KeyRing([one])
    with pytest.raises(ValueError, match="unsigned"):
        ring.replace(Credential(api_key=key) for key in ("two",))
    assert ring.get("one") is one
