"""The section `[plugins.recorder.encryption]`, and who can read which call."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .age import AgeError, Recipients

__all__ = ["Encryption", "EncryptionSettings"]


def _recipient(name: str) -> str:
    try:
        Recipients([name])
    except AgeError as error:
        raise ValueError(error.problem) from None
    return name


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("must name at least one public key (age1…)")
    return names


def _organization(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be the id of an organization, a UUID") from None


_Recipient = Annotated[str, AfterValidator(_recipient)]
_Organization = Annotated[str, AfterValidator(_organization)]
_Recipients = Annotated[tuple[_Recipient, ...], AfterValidator(_some)]


class EncryptionSettings(BaseModel):
    """Who can read recordings. When the section is there, no call is recorded in the clear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipients: _Recipients = Field(description="Public keys (`age1…`) whose owners can read the recordings.")
    organizations: dict[_Organization, _Recipients] = Field(
        default={},
        description="Public keys by organization id: for its calls, in place of `recipients`.",
    )


class Encryption:
    """Knows the recipients of each organization."""

    def __init__(self, settings: EncryptionSettings) -> None:
        self._others = Recipients(settings.recipients)
        self._of = {id_: Recipients(names) for id_, names in settings.organizations.items()}

    def recipients(self, organization_id: str) -> Recipients:
        """Return who can read the calls of an organization."""
        try:
            return self._of.get(str(UUID(organization_id)), self._others)
        except ValueError:  # no UUID, so it cannot be listed
            return self._others
