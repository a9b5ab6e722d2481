"""The whole decision about an upgrade request, in its order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from audiohook_fw.auth import (
    AddressPolicy,
    Authenticator,
    AuthFailure,
    Credential,
    KeyRing,
    ReplayStore,
    SignaturePolicy,
    Upgrade,
    UpgradeRequest,
    Verifier,
    decode_secret,
)
from audiohook_fw.errors import AuthenticationError

NOW = 1641013200.0
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
SECRET_TEXT = "TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"


def refusal(authenticator: Authenticator, wire: Any, now: float = NOW) -> str:
    with pytest.raises(AuthenticationError) as refused:
        authenticator.authenticate(wire.request(), now)
    assert isinstance(refused.value.reason, AuthFailure)
    return refused.value.reason


def unsigned_key() -> Credential:
    return Credential(name="open", api_key=KEY, unsigned=True)


def test_documented_example(authenticator: Authenticator, documented: Any, credential: Credential) -> None:
    assert authenticator.authenticate(documented.request(), NOW) == Upgrade(
        credential=credential,
        organization_id=ORGANIZATION,
        session_id="30b0e395-84d3-4570-ac13-9a62d8f514c0",
        correlation_id="e160e428-53e2-487c-977d-96989bf5c99d",
        retry_attempt=None,
        address="192.0.2.7",
    )


def test_headers_of_aiohttp_are_taken_as_they_are(authenticator: Authenticator, documented: Any) -> None:
    request = replace(documented.request(), headers=CIMultiDictProxy(CIMultiDict(documented.headers)))
    assert authenticator.authenticate(request, NOW).organization_id == ORGANIZATION


def test_ids_are_kept_as_received(wire: Any, credential: Credential) -> None:
    ids = [
        ORGANIZATION.upper(),
        "30b0E395-84d3-7570-0c13-9a62d8f514C0",
        "00000000-0000-0000-0000-000000000000",
    ]
    for name, value in zip(("Organization", "Session", "Correlation"), ids, strict=True):
        wire.set(f"Audiohook-{name}-Id", value)
    bound = replace(credential, organizations=frozenset({ORGANIZATION}))
    upgrade = Authenticator(KeyRing([bound])).authenticate(wire.sign().request(), NOW)
    assert [upgrade.organization_id, upgrade.session_id, upgrade.correlation_id] == ids


@pytest.mark.parametrize(
    ("value", "attempt"),
    [
        ("0", 0),
        ("3", 3),
        (" 12 ", 12),
        ("", None),
        ("-1", None),
        ("x", None),
        ("1.5", None),
        ("9" * 99, None),
    ],
)
def test_retry_attempt_is_read_leniently(
    authenticator: Authenticator, documented: Any, value: str, attempt: int | None
) -> None:
    documented.add("Audiohook-Retry-Attempt", value)
    assert authenticator.authenticate(documented.request(), NOW).retry_attempt == attempt


Change = Callable[[Any], Any]
REQUIRED = ("Audiohook-Organization-Id", "Audiohook-Session-Id", "Audiohook-Correlation-Id", "X-API-KEY")
CASES: dict[str, tuple[Change, AuthFailure]] = {
    **{f"{name} missing": (lambda w, n=name: w.drop(n), AuthFailure.HEADER_MISSING) for name in REQUIRED},
    **{
        f"{name} twice": (lambda w, n=name: w.add(n.lower(), w.get(n)), AuthFailure.HEADER_REPEATED)
        for name in (*REQUIRED, "Host")
    },
    **{f"{name} empty": (lambda w, n=name: w.set(n, ""), AuthFailure.HEADER_MALFORMED) for name in REQUIRED},
    "unknown audiohook header twice": (
        lambda w: w.add("Audiohook-New", "1").add("audiohook-new", "2"),
        AuthFailure.HEADER_REPEATED,
    ),
    "retry attempt twice": (
        lambda w: w.add("Audiohook-Retry-Attempt", "1").add("Audiohook-Retry-Attempt", "1"),
        AuthFailure.HEADER_REPEATED,
    ),
    "session id no UUID": (
        lambda w: w.set("Audiohook-Session-Id", "30b0e39584d34570ac139a62d8f514c0"),
        AuthFailure.HEADER_MALFORMED,
    ),
    "session id with more": (
        lambda w: w.set("Audiohook-Session-Id", "30b0e395-84d3-4570-ac13-9a62d8f514c0\nx"),
        AuthFailure.HEADER_MALFORMED,
    ),
    "two session ids in one line": (
        lambda w: w.set("Audiohook-Session-Id", ", ".join([w.get("Audiohook-Session-Id")] * 2)),
        AuthFailure.HEADER_MALFORMED,
    ),
    "key of another form": (lambda w: w.set("X-API-KEY", "a b"), AuthFailure.HEADER_MALFORMED),
    "unknown key": (lambda w: w.set("X-API-KEY", "unknown"), AuthFailure.UNKNOWN_KEY),
    "unknown key, unsigned": (
        lambda w: w.set("X-API-KEY", "unknown").drop("Signature").drop("Signature-Input"),
        AuthFailure.UNKNOWN_KEY,
    ),
    "key in another case": (lambda w: w.set("X-API-KEY", KEY.lower()), AuthFailure.UNKNOWN_KEY),
    "keyid of another": (lambda w: w.sign(key_id="unknown"), AuthFailure.KEY_ID),
    "unsigned": (lambda w: w.drop("Signature").drop("Signature-Input"), AuthFailure.UNSIGNED),
    "half signed": (lambda w: w.drop("Signature-Input"), AuthFailure.LABEL),
    "ids swapped (V4)": (
        lambda w: w.set("Audiohook-Session-Id", w.get("Audiohook-Correlation-Id")),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "signature of 3 bytes": (lambda w: w.set("Signature", "sig1=:AAAA:"), AuthFailure.SIGNATURE_WRONG),
    "signature with an empty key": (lambda w: w.sign(secret=b""), AuthFailure.SIGNATURE_WRONG),
}


@pytest.mark.parametrize("case", CASES)
def test_table(authenticator: Authenticator, documented: Any, case: str) -> None:
    change, expected = CASES[case]
    change(documented)
    assert refusal(authenticator, documented) == expected


def test_replay_is_refused_however_it_is_dressed(authenticator: Authenticator, documented: Any) -> None:
    authenticator.authenticate(documented.request(), NOW)
    assert refusal(authenticator, documented, NOW + 1) == AuthFailure.REPLAYED
    for name in ("Signature", "Signature-Input"):
        documented.set(name, documented.get(name).replace("sig1=", "other="))
    documented.set("Host", "AUDIOHOOK.EXAMPLE.COM:443")
    assert refusal(authenticator, documented, NOW + 1) == AuthFailure.REPLAYED


def test_a_nonce_signed_anew_is_still_a_replay(authenticator: Authenticator, wire: Any) -> None:
    authenticator.authenticate(wire.sign().request(), NOW)
    wire.set("Audiohook-Session-Id", "30b0e395-84d3-4570-ac13-9a62d8f514c1").sign(created=int(NOW) + 1)
    assert refusal(authenticator, wire) == AuthFailure.REPLAYED


@pytest.mark.parametrize("skew", [0.0, 5.0])
def test_no_moment_at_which_a_replay_passes(wire: Any, credential: Credential, skew: float) -> None:
    verifier = Verifier(SignaturePolicy(max_age=10.0, skew=skew))
    wire.sign(created=int(NOW + skew), expires=None)
    for later in (0.0, skew, 10.0 + skew, 10.0 + 2 * skew, 10.5 + 2 * skew, 60.0):
        store = ReplayStore(lifetime=verifier.policy.replay_window, clock=iter((0.0, later)).__next__)
        authenticator = Authenticator(KeyRing([credential]), verifier=verifier, replay=store)
        authenticator.authenticate(wire.request(), NOW)
        refusal(authenticator, wire, NOW + later)


def test_a_clock_that_goes_forward_and_back_lets_no_replay_pass(
    authenticator: Authenticator, wire: Any
) -> None:
    wire.sign()
    authenticator.authenticate(wire.request(), NOW)
    first = wire.request()
    wire.sign(nonce="A" * 22, created=int(NOW) + 86_400, expires=None)
    authenticator.authenticate(wire.request(), NOW + 86_400)
    with pytest.raises(AuthenticationError) as caught:
        authenticator.authenticate(first, NOW + 1)
    assert caught.value.reason == AuthFailure.REPLAYED


def test_only_valid_signatures_fill_the_store(documented: Any, credential: Credential) -> None:
    store = ReplayStore(capacity=5)
    authenticator = Authenticator(KeyRing([credential]), replay=store)
    good = documented.get("Signature")
    documented.set("Signature", "sig1=:AAAA:")
    refusal(authenticator, documented)
    assert len(store) == 0
    authenticator.authenticate(documented.set("Signature", good).request(), NOW)
    assert len(store) == 1


def test_organization_restriction(documented: Any, credential: Credential) -> None:
    other = replace(credential, organizations=frozenset({"30b0e395-84d3-4570-ac13-9a62d8f514c0"}))
    assert refusal(Authenticator(KeyRing([other])), documented) == AuthFailure.ORGANIZATION
    own = replace(credential, organizations=frozenset({ORGANIZATION.upper()}))
    assert Authenticator(KeyRing([own])).authenticate(documented.request(), NOW).credential is own


def test_unsigned_request_passes_for_an_unsigned_key_only(wire: Any, authenticator: Authenticator) -> None:
    opened = Authenticator(KeyRing([unsigned_key()]))
    assert opened.authenticate(wire.request(), NOW).credential == unsigned_key()
    assert opened.authenticate(wire.request(), NOW).credential == unsigned_key()
    assert refusal(authenticator, wire) == AuthFailure.UNSIGNED


@pytest.mark.parametrize("secret", [b"", decode_secret(SECRET_TEXT), bytes(32)])
def test_signed_request_fails_for_an_unsigned_key(wire: Any, secret: bytes) -> None:
    opened = Authenticator(KeyRing([unsigned_key()]))
    assert refusal(opened, wire.sign(secret=secret)) == AuthFailure.SIGNED


@pytest.mark.parametrize("name", ["Signature", "Signature-Input"])
def test_half_signed_request_fails_for_an_unsigned_key(wire: Any, name: str) -> None:
    assert refusal(Authenticator(KeyRing([unsigned_key()])), wire.set(name, "")) == AuthFailure.SIGNED


def test_unsigned_keys_are_bound_to_organizations_too(wire: Any) -> None:
    bound = replace(unsigned_key(), organizations=frozenset({"30b0e395-84d3-4570-ac13-9a62d8f514c0"}))
    assert refusal(Authenticator(KeyRing([bound])), wire) == AuthFailure.ORGANIZATION


def test_secrets_can_be_changed_without_a_gap(wire: Any, credential: Credential) -> None:
    old, new = credential.secrets[0], b"the new secret"
    ring = KeyRing([credential])
    authenticator = Authenticator(ring)

    def passes(secret: bytes, nonce: str) -> bool:
        try:
            authenticator.authenticate(wire.sign(secret=secret, nonce=nonce * 22).request(), NOW)
        except AuthenticationError:
            return False
        return True

    assert (passes(old, "a"), passes(new, "b")) == (True, False)
    ring.replace([replace(credential, secrets=(old, new))])
    assert (passes(old, "c"), passes(new, "d")) == (True, True)
    ring.replace([replace(credential, secrets=(new,))])
    assert (passes(old, "e"), passes(new, "f")) == (False, True)


def test_address_comes_first(documented: Any, credential: Credential) -> None:
    authenticator = Authenticator(KeyRing([credential]), addresses=AddressPolicy(["198.51.100.0/24"]))
    documented.add("X-Forwarded-For", "198.51.100.1")
    assert refusal(authenticator, documented) == AuthFailure.ADDRESS
    assert refusal(authenticator, documented.drop("X-API-KEY")) == AuthFailure.ADDRESS


def test_address_through_a_trusted_proxy(documented: Any, credential: Credential) -> None:
    policy = AddressPolicy(["198.51.100.0/24"], ["10.0.0.0/8"])
    documented.peer = "10.0.0.1"
    documented.add("X-Forwarded-For", "198.51.100.1").add("X-Forwarded-For", "203.0.113.9")
    authenticator = Authenticator(KeyRing([credential]), addresses=policy)
    assert refusal(authenticator, documented) == AuthFailure.ADDRESS
    documented.set("X-Forwarded-For", "203.0.113.9, 198.51.100.1")
    assert authenticator.authenticate(documented.request(), NOW).address == "198.51.100.1"


def test_credentials_of_others_in_two_steps(documented: Any, credential: Credential) -> None:
    authenticator = Authenticator(KeyRing())
    prepared = authenticator.prepare(documented.request())
    assert (prepared.api_key, prepared.organization_id, prepared.signed) == (KEY, ORGANIZATION, True)
    assert authenticator.keys.get(prepared.api_key) is None
    with pytest.raises(AuthenticationError) as refused:
        authenticator.verify(prepared, None, NOW)
    assert refused.value.reason == AuthFailure.UNKNOWN_KEY
    assert authenticator.verify(prepared, credential, NOW).credential is credential


def test_a_credential_of_another_key_counts_as_none(wire: Any, credential: Credential) -> None:
    authenticator = Authenticator(KeyRing())
    for other in (replace(credential, api_key="other"), Credential(api_key="other", unsigned=True)):
        with pytest.raises(AuthenticationError) as refused:
            authenticator.verify(authenticator.prepare(wire.request()), other, NOW)
        assert refused.value.reason == AuthFailure.UNKNOWN_KEY


def test_an_unknown_key_is_verified_with_a_random_one(documented: Any, monkeypatch: Any) -> None:
    used: list[Any] = []
    real = Verifier.verify

    def watching(self: Verifier, message: Any, api_key: str, secrets: Any, now: float) -> Any:
        used.append(secrets)
        return real(self, message, api_key, secrets, now)

    monkeypatch.setattr(Verifier, "verify", watching)
    assert refusal(Authenticator(KeyRing()), documented) == AuthFailure.UNKNOWN_KEY
    assert used == [()]


def test_nothing_secret_shows(authenticator: Authenticator, documented: Any) -> None:
    prepared = authenticator.prepare(documented.request())
    upgrade = authenticator.authenticate(documented.request(), NOW)
    with pytest.raises(AuthenticationError) as refused:
        authenticator.authenticate(documented.request(), NOW)
    error = refused.value
    secrets = (KEY, SECRET_TEXT, "MySuperSecret", "NZBwyBHR", "VGhpc0lz")
    for shown in (
        prepared,
        upgrade,
        error,
        error.reason,
        error.args,
        documented.request(),
        authenticator.keys,
    ):
        assert not any(secret in text for secret in secrets for text in (repr(shown), str(shown)))
    assert error.__context__ is None


NAMES = st.sampled_from(
    [*REQUIRED, "Host", "Signature", "Signature-Input", "X-Forwarded-For", "Audiohook-New"]
)


@given(
    st.lists(st.tuples(NAMES | st.text(), st.text() | st.just(KEY) | st.just(ORGANIZATION))),
    st.text(),
    st.text(),
)
def test_arbitrary_requests_raise_nothing_else(
    headers: list[tuple[str, str]], target: str, peer: str
) -> None:
    credential = Credential.from_text(api_key=KEY, secrets=[SECRET_TEXT])
    policy = AddressPolicy(trusted_proxies=["0.0.0.0/0", "::/0"])
    authenticator = Authenticator(KeyRing([credential]), addresses=policy)
    with pytest.raises(AuthenticationError) as refused:
        authenticator.authenticate(UpgradeRequest("GET", target, peer, headers), NOW)
    assert isinstance(refused.value.reason, AuthFailure)


@given(
    st.dictionaries(
        st.sampled_from([*REQUIRED, "Host", "Signature", "Signature-Input"]), st.text(), min_size=1
    )
)
def test_complete_requests_with_arbitrary_values_raise_nothing_else(changed: dict[str, str]) -> None:
    authenticator = Authenticator(KeyRing([unsigned_key()]))
    ids = dict.fromkeys(REQUIRED[:3], ORGANIZATION)
    headers = {**ids, "X-API-KEY": KEY, "Host": "a.example", "Signature": "sig1=:AAAA:"} | changed
    with pytest.raises(AuthenticationError):
        authenticator.authenticate(UpgradeRequest("GET", "/", "", headers), NOW)
