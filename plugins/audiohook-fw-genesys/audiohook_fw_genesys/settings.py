"""The section `[plugins.genesys]`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from yarl import URL

from .ranges import chosen_words

__all__ = ["GenesysSettings"]

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.IGNORECASE)


def _domain(value: str) -> str:
    if value and not _DOMAIN.fullmatch(value):
        raise ValueError("give the region's domain alone, such as mypurecloud.de or usw2.pure.cloud")
    return value.lower()


def _url(value: str) -> str:
    if not value:
        return ""
    url = URL(value)
    if url.scheme not in ("http", "https") or not url.host or url.user or url.query_string or url.fragment:
        raise ValueError(
            "give an address without user, query and fragment, such as https://api.mypurecloud.de"
        )
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ValueError("http:// is for loopback only, since the client secret is sent; give https://")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class GenesysSettings(BaseModel):
    """Whom to ask, as whom, how often, and what for. Without credentials and ranges file nothing is done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: Annotated[str, AfterValidator(_domain)] = Field(
        default="", description="Domain of the Genesys Cloud region, such as mypurecloud.de."
    )
    api_url: Annotated[str, AfterValidator(_url)] = Field(
        default="", description="Address of the Platform API; https://api. and the domain by default."
    )
    login_url: Annotated[str, AfterValidator(_url)] = Field(
        default="", description="Address that gives tokens; https://login. and the domain by default."
    )
    client_id: str = Field(default="", description="Id of an OAuth client with the grant Client Credentials.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Secret of that OAuth client.")
    organizations: tuple[str, ...] = Field(
        default=(),
        description="Organizations whose calls are looked up, the OAuth client's own; empty for all calls.",
    )
    timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds for one request.")
    connections: int = Field(default=20, ge=1, le=1000, description="Requests at one time.")
    requests_per_minute: int = Field(
        default=250, ge=1, le=100_000, description="Requests in one minute at most; Genesys takes 300."
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="Failed requests in a row after which nobody asks for a while."
    )
    breaker_seconds: float = Field(default=30.0, gt=0, description="Seconds for which nobody asks then.")
    health: bool = Field(
        default=True, description="Whether the server counts as not ready while the API cannot be reached."
    )
    lookup: Literal["all", "wanted", "off"] = Field(
        default="all",
        description="Calls to look up: all, or only those of which a plugin wants the queue.",
    )
    lookup_timeout: float = Field(
        default=8.0, gt=0, description="Seconds after which a look-up without an answer counts as failed."
    )
    retry_delay: float = Field(
        default=2.0,
        gt=0,
        description="Seconds before a second look while there is no queue; then it doubles.",
    )
    refresh_interval: float = Field(
        default=30.0, ge=0, description="Seconds between two looks at a running call; 0 for no more looks."
    )
    cache_seconds: float = Field(
        default=60.0, ge=0, description="Seconds for which a conversation is known after its last call."
    )
    addresses: Literal["off", "log-only", "enforce"] = Field(
        default="off", description="What happens to connections that do not come from Genesys' addresses."
    )
    ranges_missing: Literal["refuse", "allow"] = Field(
        default="refuse", description="What is done with all connections while no address is known at all."
    )
    ranges_services: Annotated[tuple[str, ...], AfterValidator(chosen_words)] = Field(
        default=("audiohook",), description='Services whose addresses count; empty or "all" for all.'
    )
    ranges_regions: Annotated[tuple[str, ...], AfterValidator(chosen_words)] = Field(
        default=(),
        description='AWS regions whose addresses count, such as eu-central-1; empty or "all" for all.',
    )
    ranges_interval: float = Field(
        default=3600.0, ge=60, description="Seconds between two questions for addresses."
    )
    ranges_grace_days: float = Field(
        default=7.0, ge=0, description="Days for which an address counts that Genesys no longer lists."
    )
    ranges_file: Path | None = Field(
        default=None, description="A file with addresses of your own, in the shape of Genesys' answer."
    )
    ranges_store: Path = Field(
        default=Path("genesys-ranges.json"), description="File that keeps the addresses for the next start."
    )

    @property
    def has_credentials(self) -> bool:
        """Whether the Platform API can be asked."""
        return bool(self.client_id)

    @property
    def missing_credentials(self) -> list[str]:
        """Names of the settings without which the Platform API cannot be asked, and which are not given."""
        given = {
            "domain": self.domain or (self.api_url and self.login_url),
            "client_id": self.client_id,
            "client_secret": self.client_secret.get_secret_value(),
        }
        return [name for name, value in given.items() if not value]

    @property
    def api(self) -> str:
        """Where the Platform API is."""
        return self.api_url or f"https://api.{self.domain}"

    @property
    def login(self) -> str:
        """Where tokens are given."""
        return self.login_url or f"https://login.{self.domain}"

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret.get_secret_value()):
            missing = "client_secret" if self.client_id else "client_id"
            raise ValueError(f"client_id and client_secret belong together; {missing} is missing")
        if self.client_id and not self.domain and not (self.api_url and self.login_url):
            raise ValueError("client_id needs a domain, such as mypurecloud.de (or api_url and login_url)")
        if self.addresses != "off" and not self.client_id and self.ranges_file is None:
            raise ValueError("addresses needs client_id and client_secret, or a ranges_file")
        return self
