"""Who may upgrade: the order of the questions, and what plugins are asked."""

from __future__ import annotations

import time
import uuid
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from audiohook_fw.auth import AuthFailure, Credential, UpgradeRequest, sign
from audiohook_fw.errors import AuthenticationError, ConfigError
from audiohook_fw.server.admission import Admission, read_keys

PATH = "/audiohook/ws"


class Plugins:
    """Stands in for the manager: notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: Mapping[str, str] = {}
        self.address: bool | None = None
        self.credential: Credential | None = None
        self.timeout = 0.0

    async def check_address(self, address: str, headers: Mapping[str, str]) -> bool | None:
        self.asked.append(f"address {address}")
        self.headers = headers
        return self.address

    async def find_credential(
        self, api_key: str, organization_id: str, *, timeout: float
    ) -> Credential | None:
        self.asked.append("credential")
        self.timeout = timeout
        return self.credential


@pytest.fixture
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture
def main_key(settings: Any) -> Any:
    return settings().auth.keys[0]


def request_of(key: str, secret: str | None, *, drop: str = "", **headers: str) -> UpgradeRequest:
    fields = {
        "Host": "audio.example.com",
        "Audiohook-Organization-Id": "d7934305-0972-4844-938e-9060eef73d05",
        "Audiohook-Session-Id": str(uuid.uuid4()),
        "Audiohook-Correlation-Id": str(uuid.uuid4()),
        "X-API-KEY": key,
        "User-Agent": "GenesysCloud-AudioHook-Client",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    if secret is not None:
        fields |= sign(
            target=PATH,
            authority=fields["Host"],
            headers=fields,
            secret=b64decode(secret),
            key_id=key,
            nonce=uuid.uuid4().hex,
            created=int(time.time()),
        )
    fields.pop(drop, None)
    return UpgradeRequest("GET", PATH, "192.0.2.7", fields)


async def admit(admission: Admission, request: UpgradeRequest) -> str:
    """Return the name of the key, or the reason of the refusal."""
    try:
        upgrade = await admission.admit(request, dict(request.headers.items()))  # type: ignore[union-attr]
    except AuthenticationError as error:
        return error.reason
    return upgrade.credential.name


def values(key: Any) -> tuple[str, str]:
    return key.api_key.get_secret_value(), key.secrets[0].get_secret_value()


async def test_configured_key_passes_and_no_plugin_is_asked_for_it(
    settings: Any, plugins: Any, main_key: Any
) -> None:
    admission = Admission(settings(), plugins)
    assert await admit(admission, request_of(*values(main_key))) == "main"
    assert plugins.asked == ["address 192.0.2.7"]


async def test_incomplete_request_reaches_no_plugin(settings: Any, plugins: Any, main_key: Any) -> None:
    admission = Admission(settings(), plugins)
    for name in ("X-API-KEY", "Audiohook-Session-Id"):
        request = request_of(*values(main_key), drop=name)
        assert await admit(admission, request) == AuthFailure.HEADER_MISSING
    assert plugins.asked == []


async def test_address_that_is_not_on_the_list_reaches_no_plugin(
    settings: Any, plugins: Any, main_key: Any
) -> None:
    admission = Admission(settings(auth={"allowed_addresses": ["10.0.0.0/8"]}), plugins)
    assert await admit(admission, request_of(*values(main_key))) == AuthFailure.ADDRESS
    assert plugins.asked == []


async def test_trusted_proxy_tells_the_address(settings: Any, plugins: Any, main_key: Any) -> None:
    given = settings(
        server={"trusted_proxies": ["192.0.2.0/24"]}, auth={"allowed_addresses": ["203.0.113.0/24"]}
    )
    admission = Admission(given, plugins)
    inside = request_of(*values(main_key), X_Forwarded_For="198.51.100.1, 203.0.113.9")
    outside = request_of(*values(main_key), X_Forwarded_For="203.0.113.9, 198.51.100.1")
    assert await admit(admission, inside) == "main"
    assert await admit(admission, outside) == AuthFailure.ADDRESS
    assert plugins.asked == ["address 203.0.113.9"]


async def test_plugin_may_refuse_an_address_before_any_key_is_looked_at(
    settings: Any, plugins: Any, main_key: Any
) -> None:
    plugins.address = False
    admission = Admission(settings(), plugins)
    assert await admit(admission, request_of("unknown", None)) == AuthFailure.ADDRESS
    assert plugins.asked == ["address 192.0.2.7"]


async def test_plugins_see_no_secret_headers(settings: Any, plugins: Any, main_key: Any) -> None:
    admission = Admission(settings(), plugins)
    await admit(admission, request_of(*values(main_key), Authorization="Basic x", Cookie="a=b"))
    assert plugins.headers["user-agent"] == "GenesysCloud-AudioHook-Client"
    secret = {"x-api-key", "signature", "signature-input", "authorization", "cookie"}
    assert not secret & set(plugins.headers)


async def test_unknown_key_is_asked_for_and_remembered(settings: Any, plugins: Any) -> None:
    plugins.credential = Credential(api_key="from-a-plugin", unsigned=True, name="found")
    admission = Admission(settings(auth={"credential_timeout": 0.7}), plugins)
    for _ in range(3):
        assert await admit(admission, request_of("from-a-plugin", None)) == "found"
    assert plugins.asked.count("credential") == 1
    assert plugins.timeout == 0.7


async def test_plugin_cannot_answer_with_another_key(settings: Any, plugins: Any) -> None:
    plugins.credential = Credential(api_key="another", unsigned=True)
    admission = Admission(settings(), plugins)
    assert await admit(admission, request_of("asked-for", None)) == AuthFailure.UNKNOWN_KEY


async def test_replaced_keys_count_from_the_next_request_on(
    settings: Any, plugins: Any, main_key: Any
) -> None:
    plugins.credential = Credential(api_key="found", unsigned=True, name="found")
    admission = Admission(settings(), plugins)
    assert await admit(admission, request_of("found", None)) == "found"
    plugins.credential = None
    admission.replace_keys([Credential(api_key="new", unsigned=True, name="new")])
    assert await admit(admission, request_of("new", None)) == "new"
    assert await admit(admission, request_of(*values(main_key))) == AuthFailure.UNKNOWN_KEY
    assert await admit(admission, request_of("found", None)) == AuthFailure.UNKNOWN_KEY


async def test_request_passes_once(settings: Any, plugins: Any, main_key: Any) -> None:
    admission = Admission(settings(), plugins)
    request = request_of(*values(main_key))
    assert await admit(admission, request) == "main"
    assert await admit(admission, request) == AuthFailure.REPLAYED


async def test_clock_is_the_given_one(settings: Any, plugins: Any, main_key: Any) -> None:
    admission = Admission(settings(), plugins, clock=lambda: time.time() + 3_600)
    assert await admit(admission, request_of(*values(main_key))) == AuthFailure.TOO_OLD


def test_keys_are_read_with_all_their_rights(settings: Any) -> None:
    organization = "D7934305-0972-4844-938E-9060EEF73D05"
    given = {
        "api_key": "k",
        "secrets": ["YQ==", "Yg"],
        "organizations": [organization],
        "product": "connector",
        "byte_order": "big",
        "interims": True,
    }
    (key,) = read_keys(settings(auth={"keys": [given]}).auth.keys)
    assert key.secrets == (b"a", b"b")
    assert key.name == "keys[0]"
    assert key.allows(organization)
    assert not key.allows(str(uuid.uuid4()))
    assert (key.product, key.byte_order, key.interims) == ("connector", "big", True)


def test_wrong_keys_are_named_without_the_key(settings: Any) -> None:
    broken = settings().auth.keys[0].model_copy(update={"secrets": [], "name": "broken"})
    with pytest.raises(ConfigError, match=r"^auth\.keys: key 'broken': ") as caught:
        read_keys([broken])
    assert broken.api_key.get_secret_value() not in str(caught.value)
