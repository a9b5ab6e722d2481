"""The signature base and HMAC against published vectors, and signing."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256

from audiohook_fw.auth import (
    REQUIRED_COMPONENTS,
    HeaderFields,
    Message,
    compute_signature,
    decode_secret,
    normalize_authority,
    sign,
    signature_base,
)

NOW = 1641013200
SECRET = decode_secret("TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=")
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"


def covered(message: Message, names: tuple[str, ...]) -> list[tuple[str, str]]:
    values = [(name, message.component(name, "audiohook.example.com")) for name in names]
    return [(name, value) for name, value in values if value is not None]


def test_v1_documented_example(documented: Any) -> None:
    parameters = documented.get("Signature-Input").partition("=")[2]
    base = signature_base(covered(documented.message(), REQUIRED_COMPONENTS), parameters)
    assert len(base) == 593
    digest = hashlib.sha256(base).hexdigest()
    assert digest == "6fc7f72e95dddd7420441f42fb08c533151f55c9d4603a3632cdebb4488afd5f"
    assert b64encode(compute_signature(SECRET, base)) == b"NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4="


def test_v2_host_in_place_of_authority(documented: Any) -> None:
    names = tuple("host" if name == "@authority" else name for name in REQUIRED_COMPONENTS)
    parameters = documented.get("Signature-Input").partition("=")[2].replace('"@authority"', '"host"')
    base = signature_base(covered(documented.message(), names), parameters)
    assert len(base) == 581
    digest = hashlib.sha256(base).hexdigest()
    assert digest == "dd5ac91de8895147526901559eee925b537974cd1187948dbcbc3108a97f0d48"
    assert b64encode(compute_signature(SECRET, base)) == b"zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE="


def test_v3_rfc_9421_b_2_5() -> None:
    secret = decode_secret(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    )
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
        ],
        '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    )
    assert b64encode(compute_signature(secret, base)) == b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_v4_swapped_ids_sign_differently(documented: Any) -> None:
    session, correlation = documented.get("Audiohook-Session-Id"), documented.get("Audiohook-Correlation-Id")
    documented.set("Audiohook-Session-Id", correlation).set("Audiohook-Correlation-Id", session)
    parameters = documented.get("Signature-Input").partition("=")[2]
    base = signature_base(covered(documented.message(), REQUIRED_COMPONENTS), parameters)
    assert b64encode(compute_signature(SECRET, base)) == b"jaBf1jXY1eQcVRbCONpjjEE97c4adb3qgVV31C/EVxk="


def test_sign_writes_the_documented_headers(documented: Any, wire: Any) -> None:
    expected = documented.get("Signature-Input"), documented.get("Signature")
    wire.sign(expires=3282026430)
    assert (wire.get("Signature-Input"), wire.get("Signature")) == expected


@pytest.mark.parametrize(
    ("overrides", "signature_input"),
    [
        ({"expires": None}, ";created=1641013200"),
        ({"tag": "genesys"}, ';expires=1641013230;tag="genesys"'),
        ({"nonce": 'a"b\\c'}, r';nonce="a\"b\\c";'),
        ({"label": "other"}, "other=("),
    ],
)
def test_sign_takes_every_part_from_the_caller(
    wire: Any, overrides: dict[str, Any], signature_input: str
) -> None:
    wire.sign(**overrides)
    assert signature_input in wire.get("Signature-Input")
    assert ("expires" in wire.get("Signature-Input")) is (overrides.get("expires", 0) is not None)


def test_sign_refuses_a_component_the_request_lacks(wire: Any) -> None:
    wire.drop("Audiohook-Session-Id")
    with pytest.raises(ValueError, match="audiohook-session-id"):
        wire.sign()


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\0b", "é", "\ud800", "\x7f"])
def test_base_refuses_what_could_forge_a_line(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be signed") as refused:
        signature_base([("x-thing", value)], '("x-thing")')
    assert value not in str(refused.value)


def test_an_independent_implementation_accepts_what_we_sign(wire: Any) -> None:
    wire.target = "/audiohook/ws/abc?x=1&y=%20z"
    wire.sign()
    peer = HTTPMessageVerifier(
        signature_algorithm=HMAC_SHA256,
        key_resolver=MappingKeyResolver(public_keys={KEY: SECRET}, private_keys={}),
    )
    message = SimpleNamespace(
        method="GET",
        url=f"https://audiohook.example.com{wire.target}",
        headers=dict(wire.headers),
        request_target=wire.target,
    )
    with time_machine.travel(NOW, tick=False):
        (result,) = peer.verify(message, require_components=REQUIRED_COMPONENTS)
    assert result.parameters["keyid"] == KEY


@pytest.mark.parametrize(
    ("host", "authority"),
    [
        ("Audiohook.Example.COM", "audiohook.example.com"),
        ("a.example:443", "a.example"),
        ("a.example:80", "a.example"),
        ("a.example:8443", "a.example:8443"),
        ("[::1]:443", "[::1]"),
        ("[2001:db8::80]", "[2001:db8::80]"),
        (" a.example ", "a.example"),
    ],
)
def test_normalize_authority(host: str, authority: str) -> None:
    assert normalize_authority(host) == authority


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@request-target", "/p/q?x=1?y"),
        ("@authority", "given.example"),
        ("@method", "GET"),
        ("@path", "/p/q"),
        ("@query", "?x=1?y"),
        ("@scheme", None),
        ("@target-uri", None),
        ("x-many", "one, two"),
        ("x-none", None),
    ],
)
def test_components(name: str, value: str | None) -> None:
    headers = HeaderFields([("X-Many", " one"), ("x-mANY", "two\t")])
    assert Message("GET", "/p/q?x=1?y", headers).component(name, "given.example") == value


def test_query_component_of_a_target_without_query() -> None:
    assert Message("GET", "/p", HeaderFields([])).component("@query", "") == "?"


def test_message_repr_shows_no_value(documented: Any) -> None:
    assert repr(documented.message()) == "Message(method='GET')"


def test_signature_is_32_bytes_of_hmac_sha256() -> None:
    # RFC 4231, test case 2
    expected = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
    assert compute_signature(b"Jefe", b"what do ya want for nothing?") == b64decode(expected)


def test_sign_takes_mappings_and_pairs() -> None:
    arguments: dict[str, Any] = {
        "target": "/", "authority": "a.example", "secret": b"k", "key_id": "k",
        "nonce": "n", "created": NOW, "components": ("x-thing",),
    }  # fmt: skip
    assert sign(headers={"X-Thing": "1"}, **arguments) == sign(headers=[("x-thing", " 1 ")], **arguments)
