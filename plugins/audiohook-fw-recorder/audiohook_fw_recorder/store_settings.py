"""The section `[plugins.recorder.store]`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

__all__ = ["StoreSettings"]

_SCHEMES: Final = ("s3", "gs", "az", "abfs", "abfss", "file")
_SECRET: Final = re.compile(
    r"secret|token|password|sas_key|account_key|access_key$|encryption_key|_key_base64"
)
_PUBLIC: Final = re.compile(r"_file$|_id$|_url$|_endpoint$|^skip_")


def _url(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in _SCHEMES:
        raise ValueError(
            f"begins with none of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}; "
            "give an address such as s3://BUCKET or file:///DIRECTORY"
        )
    if (
        parts.query
        or parts.fragment
        or parts.password is not None
        or (parts.username and parts.scheme[0] != "a")
    ):
        raise ValueError("has a user, a query or a fragment; put secrets under store.secrets")
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        raise ValueError("give the whole path, with three slashes: file:///DIRECTORY")
    if parts.scheme != "file" and not parts.netloc:
        raise ValueError("names no bucket; give an address such as s3://BUCKET")
    return value if value == "file:///" else value.rstrip("/")


def _prefix(value: str) -> str:
    value = value.strip("/")
    if value and not all(re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._=-]*", part) for part in value.split("/")):
        raise ValueError("may have letters, digits and . _ = - in parts joined by /, such as calls/eu")
    return value


def _options(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if _SECRET.search(name) and not _PUBLIC.search(name):
            raise ValueError(
                f"store.options.{name} is a secret: put it under store.secrets, or into the environment"
            )
    endpoint = urlsplit(value.get("endpoint", ""))
    if endpoint.scheme == "http" and not _plain_http(value):
        raise ValueError(
            f"store.options.endpoint: recordings would go to {endpoint.hostname} in the clear: "
            'give an https:// endpoint, or set store.options.allow_http to "true"'
        )
    return value


def _plain_http(options: dict[str, str]) -> bool:
    host = urlsplit(options.get("endpoint", "")).hostname or ""
    local = host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    return local or options.get("allow_http", "").lower() in ("true", "1", "yes")


class StoreSettings(BaseModel):
    """The object store that recordings go to after the call; without `url` they stay where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_url)] = Field(
        default="",
        description="Where recordings go: s3://BUCKET, gs://BUCKET, az://CONTAINER or file:///DIRECTORY, "
        "with a path below if wanted.",
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        default="", description="What the names of all objects begin with."
    )
    options: Annotated[dict[str, str], AfterValidator(_options)] = Field(
        default={}, description="Options of the store, such as region, endpoint or account_name."
    )
    secrets: dict[str, SecretStr] = Field(
        default={}, description="Options that nobody is to see, such as secret_access_key or account_key."
    )
    ca_file: Path | None = Field(
        default=None, description="Certificates (PEM) that are trusted besides the system's."
    )
    connect_timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds to reach the store.")
    timeout: float = Field(
        default=120.0,
        gt=0,
        le=3600,
        description="Seconds for one request, which moves 16 MiB at most.",
    )
    parallel: int = Field(default=4, ge=1, le=32, description="Recordings uploaded at one time.")
    unhealthy_after: float = Field(
        default=900.0,
        ge=0,
        description="Seconds for which the store may fail before the server counts as not ready; "
        "0 if it never does.",
    )

    @field_validator("secrets")
    @classmethod
    def _once(cls, value: dict[str, SecretStr], info: ValidationInfo) -> dict[str, SecretStr]:
        if twice := info.data.get("options", {}).keys() & value.keys():
            raise ValueError(f"{min(twice)} is in store.options and in store.secrets; take one out")
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.url:
            if self.model_fields_set:
                raise ValueError("there is no url: set store.url, or take the section store out")
            return self
        return self

    @property
    def plain_http(self) -> bool:
        """Whether an endpoint without TLS is used: one of this machine, or one that was allowed."""
        return _plain_http(self.options)
