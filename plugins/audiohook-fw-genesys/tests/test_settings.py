"""The settings: what fits together, and what is said of what does not."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_genesys import GenesysSettings
from pydantic import ValidationError

KNOWN = {"domain": "mypurecloud.de", "client_id": "id", "client_secret": "secret-marker"}


@pytest.mark.parametrize(
    "domain",
    ["mypurecloud.com", "mypurecloud.com.au", "usw2.pure.cloud", "use2.us-gov-pure.cloud", "MyPureCloud.de"],
)
def test_any_region(domain: str) -> None:
    settings = GenesysSettings.model_validate({**KNOWN, "domain": domain})
    assert settings.api == f"https://api.{domain.lower()}"
    assert settings.login == f"https://login.{domain.lower()}"


def test_other_addresses() -> None:
    where = {"api_url": "http://127.0.0.1:8085/", "login_url": "https://login.example.com"}
    settings = GenesysSettings.model_validate({**KNOWN, **where})
    assert (settings.api, settings.login) == ("http://127.0.0.1:8085", "https://login.example.com")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"domain": "https://api.mypurecloud.de"}, "domain alone, such as mypurecloud.de"),
        ({"domain": "mypurecloud"}, "domain alone"),
        ({"domain": ""}, "client_id needs a domain"),
        ({"client_secret": ""}, "client_id and client_secret belong together; client_secret is missing"),
        ({"client_id": ""}, "client_id and client_secret belong together; client_id is missing"),
        ({"api_url": "http://api.example.com"}, "http:// is for loopback only"),
        ({"login_url": "ftp://example.com"}, "such as https://api.mypurecloud.de"),
        ({"login_url": "https://me:secret@example.com"}, "without user"),
        ({"requests_per_minute": 0}, "greater than or equal to 1"),
        ({"lookup": "some"}, "'all', 'wanted' or 'off'"),
        ({"addresses": "on"}, "'off', 'log-only' or 'enforce'"),
        ({"ranges_interval": 1}, "greater than or equal to 60"),
        ({"nonsense": 1}, "Extra inputs"),
    ],
)
def test_what_is_wrong(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GenesysSettings.model_validate({**KNOWN, **changes})
    assert problem in str(caught.value)


def test_addresses_need_a_source() -> None:
    with pytest.raises(ValidationError, match="or a ranges_file"):
        GenesysSettings(addresses="enforce")


def test_the_secret_is_not_shown() -> None:
    settings = GenesysSettings.model_validate(KNOWN)
    assert (
        "secret-marker" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    )


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ([" EU-Central-1", "us-east-1 "], ("eu-central-1", "us-east-1")),
        (["all"], ()),
        (["x", "ALL"], ()),
        ([], ()),
    ],
)
def test_services_and_regions_in_any_case(given: list[str], counts: tuple[str, ...]) -> None:
    settings = GenesysSettings.model_validate({"ranges_services": given, "ranges_regions": given})
    assert settings.ranges_services == settings.ranges_regions == counts


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["domain", "client_id", "client_secret"]),
        ({"domain": "mypurecloud.de"}, ["client_id", "client_secret"]),
        ({"api_url": "https://a.example", "login_url": "https://b.example"}, ["client_id", "client_secret"]),
        (KNOWN, []),
    ],
)
def test_what_is_missing(given: dict[str, str], missing: list[str]) -> None:
    settings = GenesysSettings.model_validate(given)
    assert settings.missing_credentials == missing
    assert settings.has_credentials is not bool(missing)
