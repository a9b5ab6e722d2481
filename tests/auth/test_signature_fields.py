"""Whatever stands in the signature fields, nothing but `AuthenticationError` comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.auth import REQUIRED_COMPONENTS, AuthFailure, HeaderFields, Message, Verifier
from audiohook_fw.errors import AuthenticationError

NOW = 1641013200
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
SECRET = b"MySuperSecretKeyTellNo-1!2@3#4$5"
LIST = "(" + " ".join(f'"{name}"' for name in REQUIRED_COMPONENTS) + ")"
PARAMETERS = f';keyid="{KEY}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";created={NOW}'
ID_NAMES = ("organization", "session", "correlation")
FRAGMENTS = st.sampled_from(
    [
        "sig1=", "sig2", "=", ",", ";", " ", "\t", "(", ")", '"', "\\", ":", "::", "?1", "@1", '%"a\\"', "%",
        '"@authority"', '"x-api-key"', LIST, PARAMETERS, ";created=1", ';nonce="', "1.5", "-", "é", "\n",
        "\ud800", "\udc80", "@99999999999999", ":AAAA:", ":NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(FRAGMENTS).map("".join))


NAMES = st.sampled_from([*REQUIRED_COMPONENTS, "host", "signature", "signature-input"])


@given(
    st.lists(st.tuples(NAMES, TEXTS)),
    TEXTS,
)
def test_arbitrary_headers_raise_nothing_else(headers: list[tuple[str, str]], target: str) -> None:
    with pytest.raises(AuthenticationError) as refused:
        Verifier().verify(Message("GET", target, HeaderFields(headers)), KEY, (SECRET,), NOW)
    assert isinstance(refused.value.reason, AuthFailure)


@given(TEXTS.map(lambda text: "sig1=" + text), TEXTS.map(lambda text: "sig1=" + text))
def test_arbitrary_signatures_raise_nothing_else(signature_input: str, signature: str) -> None:
    headers = [
        ("host", "a"),
        ("x-api-key", KEY),
        ("signature-input", signature_input),
        ("signature", signature),
        *((f"audiohook-{name}-id", name) for name in ID_NAMES),
    ]
    with pytest.raises(AuthenticationError) as refused:
        Verifier().verify(Message("GET", "/", HeaderFields(headers)), KEY, (SECRET,), NOW)
    assert isinstance(refused.value.reason, AuthFailure)
    assert refused.value.__context__ is None
