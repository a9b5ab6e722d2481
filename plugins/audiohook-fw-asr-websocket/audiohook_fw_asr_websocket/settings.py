"""The section `[plugins.asr_websocket]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from audiohook_fw_asr import StreamSettings
from pydantic import Field, SecretStr, field_validator
from yarl import URL

__all__ = ["AsrWebsocketSettings"]

Tag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class AsrWebsocketSettings(StreamSettings):
    """Where the service is, and what it wants."""

    urls: tuple[str, ...] = Field(
        default=(),
        description="of the service, `wss://…` or `ws://…`; those after the first stand in for it; needs one",
    )
    token: SecretStr | None = Field(default=None, description="sent as `Authorization: Bearer …`")
    headers: dict[str, SecretStr] = Field(default={}, description="further headers, such as `X-Api-Key`")
    ca_file: Path | None = Field(
        default=None, description="certificates (PEM) to trust instead of the system's, for `wss`"
    )
    rate: Literal[8000, 16000] = Field(default=16000, description="samples per second that the service wants")
    languages: tuple[Tag, ...] = Field(default=("en-US",), min_length=1, description="that the service knows")

    @field_validator("urls")
    @classmethod
    def _check_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for text in urls:
            url = URL(text)
            if url.scheme not in ("ws", "wss") or not url.host:
                raise ValueError("must be WebSocket URLs, such as wss://asr.example.com/v1/stream")
        return urls
