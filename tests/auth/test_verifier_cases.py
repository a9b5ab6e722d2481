"""Every case of a good or bad signature in one table (protocol 1.4 and 1.5)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from audiohook_fw.auth import (
    REQUIRED_COMPONENTS,
    AuthFailure,
    compute_signature,
    decode_secret,
    signature_base,
)

NOW = 1641013200
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
SECRET = decode_secret("TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=")
OK = None


def sign_raw(wire: Any, text: str, names: tuple[str, ...] = REQUIRED_COMPONENTS, label: str = "sig1") -> Any:
    """Sign with parameters written by hand: with `sign` they could only be well-formed."""
    message = wire.message()
    values = [(name, message.component(name, "audiohook.example.com") or "") for name in names]
    signature = b64encode(compute_signature(SECRET, signature_base(values, text))).decode()
    return wire.set("Signature-Input", f"{label}={text}").set("Signature", f"{label}=:{signature}:")


LIST = "(" + " ".join(f'"{name}"' for name in REQUIRED_COMPONENTS) + ")"
ODD = ';a=1.50;b;c=?0;d=:AAA=:;e=t/k:n;f=@12;g=%"x%2c,";h="a,\\"b\\\\"'
NONCE = "VGhpc0lzQVVuaXF1ZU5vbmNl"


def parameters(**changes: str | None) -> str:
    """Return well-formed parameters with some replaced, or left out (`None`)."""
    values = {
        "keyid": f'"{KEY}"',
        "nonce": f'"{NONCE}"',
        "alg": '"hmac-sha256"',
        "created": str(NOW),
        "expires": str(NOW + 30),
    } | changes
    return "".join(f";{name}={value}" for name, value in values.items() if value is not None)


Change = Callable[[Any], Any]
CASES: dict[str, tuple[Change, AuthFailure | None]] = {
    # the signature's bytes
    "3 bytes": (lambda w: w.sign().set("Signature", "sig1=:AAAA:"), AuthFailure.SIGNATURE_WRONG),
    "33 bytes": (
        lambda w: w.sign().set("Signature", f"sig1=:{b64encode(bytes(33)).decode()}:"),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "no bytes": (lambda w: w.sign().set("Signature", "sig1=::"), AuthFailure.SIGNATURE_WRONG),
    "right bytes and one more": (
        lambda w: w.sign().set("Signature", w.get("Signature").replace("=:", "A:")),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "a token for bytes": (lambda w: w.sign().set("Signature", "sig1=abc"), AuthFailure.LABEL),
    "a string for bytes": (lambda w: w.sign().set("Signature", 'sig1="abc"'), AuthFailure.LABEL),
    "a list for bytes": (lambda w: w.sign().set("Signature", "sig1=(:AAAA:)"), AuthFailure.LABEL),
    "a bare label": (lambda w: w.sign().set("Signature", "sig1"), AuthFailure.LABEL),
    "wrong secret": (lambda w: w.sign(secret=b"wrong"), AuthFailure.SIGNATURE_WRONG),
    "base64 text used as secret": (
        lambda w: w.sign(secret=b"TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="),
        AuthFailure.SIGNATURE_WRONG,
    ),
    # labels
    "label in Signature-Input only": (
        lambda w: w.sign().set("Signature", w.get("Signature").replace("sig1", "sig2")),
        AuthFailure.LABEL,
    ),
    "Signature missing": (lambda w: w.sign().drop("Signature"), AuthFailure.LABEL),
    "Signature-Input missing": (lambda w: w.sign().drop("Signature-Input"), AuthFailure.LABEL),
    "Signature-Input not a list": (lambda w: w.sign().set("Signature-Input", "sig1=1"), AuthFailure.LABEL),
    "other label": (lambda w: w.sign(label="*x-9.z_"), OK),
    "duplicate label": (
        lambda w: w.sign().set("Signature-Input", f"{w.get('Signature-Input')}, {w.get('Signature-Input')}"),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "duplicate label in two lines": (
        lambda w: w.sign().add("Signature-Input", w.get("Signature-Input")),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    # components
    **{
        f"component missing: {name}": (
            lambda w, name=name: w.sign(components=[c for c in REQUIRED_COMPONENTS if c != name]),
            AuthFailure.COMPONENTS,
        )
        for name in REQUIRED_COMPONENTS
    },
    "component doubled": (
        lambda w: w.sign(components=(*REQUIRED_COMPONENTS, "x-api-key")),
        AuthFailure.COMPONENTS,
    ),
    "extra header doubled": (
        lambda w: w.sign(components=(*REQUIRED_COMPONENTS, "user-agent", "user-agent")),
        AuthFailure.COMPONENTS,
    ),
    "extra header covered": (lambda w: w.sign(components=("user-agent", *REQUIRED_COMPONENTS)), OK),
    "retry attempt covered": (
        lambda w: w.add("Audiohook-Retry-Attempt", "1").sign(
            components=(*REQUIRED_COMPONENTS, "audiohook-retry-attempt")
        ),
        OK,
    ),
    "method, path and query covered": (
        lambda w: w.sign(components=(*REQUIRED_COMPONENTS, "@method", "@path", "@query")),
        OK,
    ),
    "extra header in several lines": (
        lambda w: w.add("X-Many", " a").add("x-many", "b ").sign(components=(*REQUIRED_COMPONENTS, "x-many")),
        OK,
    ),
    "extra header folded": (
        lambda w: (
            w.add("X-Long", "a b")
            .sign(components=(*REQUIRED_COMPONENTS, "x-long"))
            .set("X-Long", "a \r\n\t b")
        ),
        OK,
    ),
    "extra header removed after signing": (
        lambda w: w.sign(components=(*REQUIRED_COMPONENTS, "user-agent")).drop("User-Agent"),
        AuthFailure.COMPONENTS,
    ),
    "component unknown": (
        lambda w: sign_raw(w, LIST.replace(")", ' "@status")') + parameters()),
        AuthFailure.COMPONENTS,
    ),
    "component upper-case": (
        lambda w: sign_raw(w, LIST.replace("x-api-key", "X-API-KEY") + parameters()),
        AuthFailure.COMPONENTS,
    ),
    "component with a flag": (
        lambda w: sign_raw(w, LIST.replace('"x-api-key"', '"x-api-key";sf') + parameters()),
        AuthFailure.COMPONENTS,
    ),
    "component a token": (
        lambda w: sign_raw(w, LIST.replace('"x-api-key"', "x-api-key") + parameters()),
        AuthFailure.COMPONENTS,
    ),
    "component a number": (
        lambda w: sign_raw(w, LIST.replace(")", " 7)") + parameters()),
        AuthFailure.COMPONENTS,
    ),
    "no components": (lambda w: sign_raw(w, "()" + parameters(), ()), AuthFailure.COMPONENTS),
    "signed value changed": (
        lambda w: w.sign().set("Audiohook-Session-Id", "30b0e395-84d3-4570-ac13-9a62d8f514c1"),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "unsigned value changed": (lambda w: w.sign().set("User-Agent", "another"), OK),
    "line forged in a value": (
        lambda w: (
            w.add("X-Thing", "a")
            .sign(components=("x-thing", *REQUIRED_COMPONENTS))
            .set("X-Thing", 'a\n"@request-target": /')
        ),
        AuthFailure.COMPONENTS,
    ),
    # parameters
    "tag added and signed": (lambda w: w.sign(tag="genesys"), OK),
    "tag added after signing": (
        lambda w: w.sign().set("Signature-Input", w.get("Signature-Input") + ';tag="x"'),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "unknown parameters of every type": (
        lambda w: sign_raw(w, LIST + ODD + parameters()),
        OK,
    ),
    "display string with a backslash": (
        lambda w: sign_raw(w, LIST + ';g=%"a\\"' + parameters()),
        OK,
    ),
    "unusual spacing": (lambda w: sign_raw(w, LIST.replace(" ", "  ") + parameters().replace(";", "; ")), OK),
    "other order of parameters": (
        lambda w: sign_raw(
            w, LIST + f';expires={NOW + 30};created={NOW};alg="hmac-sha256";nonce="{NONCE}";keyid="{KEY}"'
        ),
        OK,
    ),
    "parameter doubled": (
        lambda w: sign_raw(w, LIST + parameters() + f";created={NOW}"),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "keyid differs from X-API-KEY": (lambda w: w.sign(key_id="other"), AuthFailure.KEY_ID),
    "keyid missing": (lambda w: sign_raw(w, LIST + parameters(keyid=None)), AuthFailure.KEY_ID),
    "keyid a token": (lambda w: sign_raw(w, LIST + parameters(keyid=KEY)), AuthFailure.KEY_ID),
    "nonce missing": (lambda w: sign_raw(w, LIST + parameters(nonce=None)), AuthFailure.NONCE),
    "nonce of 21": (lambda w: w.sign(nonce="n" * 21), AuthFailure.NONCE),
    "nonce of 22": (lambda w: w.sign(nonce="n" * 22), OK),
    "nonce a token": (lambda w: sign_raw(w, LIST + parameters(nonce="n" * 24)), AuthFailure.NONCE),
    "nonce bytes": (
        lambda w: sign_raw(w, LIST + parameters(nonce=f":{'A' * 32}:")),
        AuthFailure.NONCE,
    ),
    "alg missing": (lambda w: sign_raw(w, LIST + parameters(alg=None)), AuthFailure.ALGORITHM),
    "alg other": (lambda w: w.sign(algorithm="hmac-sha512"), AuthFailure.ALGORITHM),
    "alg upper-case": (lambda w: w.sign(algorithm="HMAC-SHA256"), AuthFailure.ALGORITHM),
    "alg a token": (lambda w: sign_raw(w, LIST + parameters(alg="hmac-sha256")), AuthFailure.ALGORITHM),
    "created missing": (
        lambda w: sign_raw(w, LIST + parameters(created=None)),
        AuthFailure.CREATED_MISSING,
    ),
    "created a boolean": (
        lambda w: sign_raw(w, LIST + parameters(created="?1")),
        AuthFailure.CREATED_MISSING,
    ),
    "created a decimal": (
        lambda w: sign_raw(w, LIST + parameters(created=f"{NOW}.0")),
        AuthFailure.CREATED_MISSING,
    ),
    "created a string": (
        lambda w: sign_raw(w, LIST + parameters(created=f'"{NOW}"')),
        AuthFailure.CREATED_MISSING,
    ),
    "created a date": (
        lambda w: sign_raw(w, LIST + parameters(created=f"@{NOW}")),
        AuthFailure.CREATED_MISSING,
    ),
    "created +4 s": (lambda w: w.sign(created=NOW + 4), OK),
    "created +5 s": (lambda w: w.sign(created=NOW + 5), OK),
    "created +6 s": (lambda w: w.sign(created=NOW + 6), AuthFailure.CREATED_AHEAD),
    "created -15 s": (lambda w: w.sign(created=NOW - 15), OK),
    "created -16 s": (lambda w: w.sign(created=NOW - 16), AuthFailure.TOO_OLD),
    "created -30 s": (lambda w: w.sign(created=NOW - 30), AuthFailure.TOO_OLD),
    "created huge": (lambda w: w.sign(created=999_999_999_999_999), AuthFailure.CREATED_AHEAD),
    "created negative": (lambda w: w.sign(created=-1), AuthFailure.TOO_OLD),
    "created of 16 digits": (
        lambda w: sign_raw(w, LIST + parameters(created="9" * 16)),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "expires missing": (lambda w: w.sign(expires=None), OK),
    "expires -5 s": (lambda w: w.sign(expires=NOW - 5), OK),
    "expires -6 s": (lambda w: w.sign(expires=NOW - 6), AuthFailure.EXPIRED),
    "expires a string": (lambda w: sign_raw(w, LIST + parameters(expires='"x"')), AuthFailure.EXPIRED),
    # host and target
    "Host upper-case": (lambda w: w.sign().set("Host", "AUDIOHOOK.Example.com"), OK),
    "Host with :443": (lambda w: w.sign().set("Host", "audiohook.example.com:443"), OK),
    "Host with :80": (lambda w: w.sign().set("Host", "audiohook.example.com:80"), OK),
    "default port signed": (
        lambda w: w.set("Host", "audiohook.example.com:80").sign(authority="audiohook.example.com:80"),
        OK,
    ),
    "Host with another port": (
        lambda w: w.sign().set("Host", "audiohook.example.com:8443"),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "Host of another": (lambda w: w.sign().set("Host", "evil.example"), AuthFailure.SIGNATURE_WRONG),
    "Host missing": (lambda w: w.sign().drop("Host"), AuthFailure.COMPONENTS),
    "target changed": (
        lambda w: setattr(w.sign(), "target", "/api/v1/voicebiometrics/ws?x=1"),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "target not normalised": (
        lambda w: (setattr(w, "target", "/a/../b%2F//c?q=%41&&z"), w.sign()),
        OK,
    ),
    "target decoded on the way": (
        lambda w: (setattr(w, "target", "/a%41"), w.sign(), setattr(w, "target", "/aA")),
        AuthFailure.SIGNATURE_WRONG,
    ),
    "target with raw bytes": (lambda w: setattr(w.sign(), "target", "/\udcff"), AuthFailure.COMPONENTS),
    # fields
    "not a structured field": (
        lambda w: w.sign().set("Signature-Input", "sig1=(("),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "not ASCII": (lambda w: w.sign().set("Signature", "sig1=:é:"), AuthFailure.SIGNATURE_MALFORMED),
    "empty fields": (lambda w: w.set("Signature", "").set("Signature-Input", ""), AuthFailure.LABEL),
    "field too long": (
        lambda w: w.sign(nonce="n" * 2048),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
    "too many labels": (
        lambda w: w.sign().set("Signature", w.get("Signature") + "".join(f", s{i}=:AAAA:" for i in range(4))),
        AuthFailure.SIGNATURE_MALFORMED,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_table(wire: Any, case: str) -> None:
    change, expected = CASES[case]
    change(wire)
    assert wire.outcome() == expected
