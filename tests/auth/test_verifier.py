"""Signature verification: the vectors, labels, secrets, authorities, age."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.auth import (
    REQUIRED_COMPONENTS,
    AuthFailure,
    HeaderFields,
    Message,
    SignaturePolicy,
    Verifier,
    compute_signature,
    decode_secret,
    sign,
)
from audiohook_fw.errors import AuthenticationError

NOW = 1641013200
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
SECRET = decode_secret("TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=")
OK = None


NONCE = "VGhpc0lzQVVuaXF1ZU5vbmNl"


def test_v1_is_accepted(documented: Any) -> None:
    verified = Verifier().verify(documented.message(), KEY, (SECRET,), NOW)
    assert (verified.key_id, verified.nonce) == (KEY, NONCE)
    assert repr(verified) == "VerifiedSignature()"


def test_v2_does_not_meet_the_policy(wire: Any) -> None:
    names = tuple("host" if name == "@authority" else name for name in REQUIRED_COMPONENTS)
    wire.sign(components=names, expires=3282026430)
    assert wire.get("Signature") == "sig1=:zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE=:"
    assert wire.outcome() == AuthFailure.COMPONENTS


def test_v4_swapped_ids_fail_against_the_documented_signature(documented: Any) -> None:
    session, correlation = documented.get("Audiohook-Session-Id"), documented.get("Audiohook-Correlation-Id")
    documented.set("Audiohook-Session-Id", correlation).set("Audiohook-Correlation-Id", session)
    assert documented.outcome() == AuthFailure.SIGNATURE_WRONG


def test_unknown_keys_are_refused_after_the_same_work(documented: Any, monkeypatch: Any) -> None:
    computed: list[tuple[int, bytes]] = []

    def counting(secret: bytes, base: bytes) -> bytes:
        computed.append((len(secret), base))
        return compute_signature(secret, base)

    monkeypatch.setattr("audiohook_fw.auth.verifier.compute_signature", counting)
    verifier = Verifier()
    verifier.verify(documented.message(), KEY, (SECRET,), NOW)
    with pytest.raises(AuthenticationError) as refused:
        verifier.verify(documented.message(), KEY, (), NOW)
    assert refused.value.reason == AuthFailure.SIGNATURE_WRONG
    known, unknown = computed
    assert known == unknown


def two_labels(wire: Any, first: dict[str, Any], second: dict[str, Any]) -> None:
    fields = []
    for label, overrides in (("one", first), ("two", second)):
        wire.sign(label=label, **overrides)
        fields.append((wire.get("Signature-Input"), wire.get("Signature")))
        wire.drop("Signature").drop("Signature-Input")
    for signature_input, signature in fields:
        wire.add("Signature-Input", signature_input).add("Signature", signature)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {"secret": b"another's"}, OK),
        ({"secret": b"another's"}, {}, OK),
        ({"components": ("@authority",)}, {}, OK),
        ({"created": NOW - 60}, {}, OK),
        ({"created": NOW - 60}, {"secret": b"another's"}, AuthFailure.TOO_OLD),
        ({"components": ("@authority",)}, {"secret": b"another's"}, AuthFailure.SIGNATURE_WRONG),
        ({"components": ("@authority",)}, {"components": ("@path",)}, AuthFailure.COMPONENTS),
    ],
)
def test_several_labels(
    wire: Any, first: dict[str, Any], second: dict[str, Any], expected: AuthFailure | None
) -> None:
    two_labels(wire, first, second)
    assert wire.outcome() == expected


def test_signature_of_one_label_does_not_serve_another(wire: Any) -> None:
    wire.sign(label="two", created=NOW - 60)
    old = wire.get("Signature")
    wire.sign(label="two", created=NOW, secret=b"another's").set("Signature", old)
    assert wire.outcome() == AuthFailure.SIGNATURE_WRONG


def test_every_order_of_components_verifies(wire: Any) -> None:
    verifier = Verifier()
    for order in itertools.permutations(REQUIRED_COMPONENTS):
        wire.sign(components=order)
        assert verifier.verify(wire.message(), KEY, (SECRET,), NOW).nonce == NONCE


@pytest.mark.parametrize("secrets", [(SECRET, b"new"), (b"old", SECRET), (b"old", SECRET, b"new")])
def test_any_valid_secret_may_have_signed(documented: Any, secrets: tuple[bytes, ...]) -> None:
    assert Verifier().verify(documented.message(), KEY, secrets, NOW).key_id == KEY


@pytest.mark.parametrize(
    ("authorities", "host", "signed", "expected"),
    [
        (("Hook.Example.com:443",), "10.0.0.5:8080", "hook.example.com", OK),
        (("other.example", "hook.example.com:8443"), "inner", "hook.example.com:8443", OK),
        (("hook.example.com",), "inner.example", "inner.example", OK),
        (("hook.example.com",), "inner.example", "evil.example", AuthFailure.SIGNATURE_WRONG),
        (("hook.example.com",), None, "hook.example.com", OK),
        ((), "inner.example", "hook.example.com", AuthFailure.SIGNATURE_WRONG),
        (("hook.example.com",), "h\u00e9", "hook.example.com", OK),
    ],
)
def test_public_authorities(
    wire: Any, authorities: tuple[str, ...], host: str | None, signed: str, expected: AuthFailure | None
) -> None:
    wire.sign(authority=signed).drop("Host")
    if host is not None:
        wire.set("Host", host)
    assert wire.outcome(policy=SignaturePolicy(authorities=authorities)) == expected


@pytest.mark.parametrize(
    ("prefix", "public", "expected"),
    [
        ("/gateway", "/gateway/ws?x=1", OK),
        ("/gateway/", "/gateway/ws?x=1", OK),
        ("/gateway", "/ws?x=1", AuthFailure.SIGNATURE_WRONG),
        ("", "/gateway/ws?x=1", AuthFailure.SIGNATURE_WRONG),
    ],
)
def test_public_path_prefix(wire: Any, prefix: str, public: str, expected: AuthFailure | None) -> None:
    wire.target = "/ws?x=1"
    wire.sign(target=public)
    assert wire.outcome(policy=SignaturePolicy(path_prefix=prefix)) == expected


@pytest.mark.parametrize("arguments", [{"max_age": -1.0}, {"skew": -1.0}, {"path_prefix": "gateway"}])
def test_policy_refuses_nonsense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        SignaturePolicy(**arguments)


ID_NAMES = ("organization", "session", "correlation")


@given(
    age=st.integers(-60, 60),
    max_age=st.floats(0, 30),
    skew=st.floats(0, 10),
    now=st.floats(NOW - 1, NOW + 1),
)
def test_age_window(age: int, max_age: float, skew: float, now: float) -> None:
    headers = [("host", "a"), ("x-api-key", "k"), *((f"audiohook-{x}-id", x) for x in ID_NAMES)]
    created = NOW - age
    signed = sign(
        target="/", authority="a", headers=headers, secret=b"s", key_id="k", nonce="n" * 22, created=created
    )
    message = Message("GET", "/", HeaderFields([*headers, *signed.items()]))
    expected = now - skew - max_age <= created <= now + skew
    try:
        Verifier(SignaturePolicy(max_age, skew)).verify(message, "k", (b"s",), now)
    except AuthenticationError:
        assert not expected
    else:
        assert expected
