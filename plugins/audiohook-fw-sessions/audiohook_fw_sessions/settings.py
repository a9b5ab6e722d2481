"""The section `[plugins.sessions]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy import URL

from .address import FORMS, read_url

__all__ = ["SessionsSettings"]


class SessionsSettings(BaseModel):
    """Where the database is, what is kept in it, and what happens while it is gone."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr = Field(
        default=SecretStr("sqlite:///audiohook-sessions.sqlite"),
        description=f"The database: {FORMS}. Its tables are made and brought up to date at start.",
    )
    transcripts: bool = Field(
        default=True,
        description="Keep what was said: the texts of final transcripts, to be searched, and of bots' turns. "
        "Off: only when somebody spoke.",
    )
    participants: bool = Field(
        default=False, description="Keep numbers and names of customers (`ani`, `ani_name`, `dnis`)."
    )
    events: list[str] = Field(
        default=["*"],
        description="The types of emitted events that are kept, such as `transcript`; `acme.*` for all of "
        "one plugin, `*` for all.",
    )
    event_bytes: int = Field(
        default=65_536,
        ge=1_024,
        le=1_048_576,
        description="Bytes of an event that are kept as JSON; of a bigger one, only that it was.",
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Days after its beginning when a session is deleted, with all that happened in it; 0 "
        "keeps all. What is known of recordings stays.",
    )
    flush_seconds: float = Field(
        default=0.2,
        ge=0.01,
        le=10,
        description="Seconds that a row may wait for more before it is written to the journal, "
        "which a killed server loses at most.",
    )
    journal: Path = Field(
        default=Path("audiohook-sessions-journal"),
        description="The directory of the journal: what is not in the database yet.",
    )
    journal_bytes: int = Field(
        default=268_435_456,
        ge=1_048_576,
        description="Bytes of the journal; what happens while it is full is lost, and counted.",
    )

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: SecretStr) -> SecretStr:
        read_url(url.get_secret_value())
        return url

    @property
    def address(self) -> URL:
        """The URL, with the driver that is used; its `repr` hides the password."""
        return read_url(self.url.get_secret_value())
