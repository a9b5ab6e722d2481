"""A sidecar that is read again: checked where this plugin relies on it, and kept as it is elsewhere."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import FileError
from .files import replace
from .sidecar import FORMAT

__all__ = [
    "AudioFile",
    "Document",
    "DocumentError",
    "GapEntry",
    "MapEntry",
    "RecordedAudio",
    "RedactionEntry",
]

_STEM: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}")


class DocumentError(FileError, ValueError):
    """A sidecar cannot be used; says which, and what is wrong with it."""


def _file_name(name: str) -> str:
    # A sidecar may come from anywhere: what it names is beside it, and nowhere else.
    if not _STEM.fullmatch(name):
        raise ValueError("must be the name of a file in the same directory")
    return name


FileName = Annotated[str, AfterValidator(_file_name)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class AudioFile(_Part):
    """One file of audio.

    Attributes:
        name: in the directory of the sidecar. channels: those that it holds, in their order.
        size: bytes, and sha256: hexadecimal; known once the file does not change any more.
    """

    name: FileName
    channels: list[str] = Field(min_length=1, max_length=2)
    size: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class MapEntry(_Part):
    """A piece of the files, in samples: where it begins in them, and in the call."""

    file: int = Field(ge=0)
    call: int = Field(ge=0)
    length: int = Field(ge=0)


class RecordedAudio(_Part):
    """What the files hold.

    Attributes:
        format: of the files. encoding: as the call came. samples: length of the files, per channel.
        pauses: whether they are silence in the files, or cut out.
        map: the pieces that are left when they are cut out; without it, file time is call time.
        call_samples: how long the call was, when they are cut out.
    """

    format: str
    encoding: Literal["PCMU", "L16"]
    rate: int = Field(gt=0, le=192_000)
    channels: list[str] = Field(min_length=1, max_length=2)
    samples: int = Field(ge=0)
    files: list[AudioFile]
    pauses: Literal["silence", "cut"] = "silence"
    map: list[MapEntry] | None = None
    call_samples: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _map_fits(self) -> Self:
        if (self.map is None) != (self.pauses == "silence"):
            raise ValueError("there must be a map when pauses are cut, and only then")
        file = call = 0
        for entry in self.map or ():
            if entry.file != file or entry.call < call:
                raise ValueError(f"the map is wrong at {entry.file}: its pieces must follow each other")
            file, call = entry.file + entry.length, entry.call + entry.length
        if self.map is not None and (file != self.samples or call > (self.call_samples or 0)):
            raise ValueError("the map does not fit the lengths, samples and call_samples")
        return self


class GapEntry(_Part):
    """Silence that is no recorded silence, in samples of call time."""

    start: int = Field(ge=0)
    length: int = Field(ge=0)
    cause: str


class RedactionEntry(_Part):
    """A stretch of one channel that is silent since something personal was said, in samples of call time.

    Attributes:
        kind: of what was said. audible: it is not silent, since that was told too late.
    """

    channel: str
    kind: str
    start: int = Field(ge=0)
    length: int = Field(ge=0)
    audible: bool = False


class Document(_Part):
    """A sidecar's content. What is not named here is kept, and written again as it was.

    Attributes:
        owner: token of the process that has still something to do for it.
        state: `recording`, `complete`, or `interrupted`: its server ended before the call did.
        errors: what went wrong, and how often.
        leftovers: files that may be there beside those of `audio`, and are to be removed: they are being
            made, or were replaced.
    """

    format: Literal["audiohook-recording/1"]
    owner: str | None = None
    session_id: str
    conversation_id: str
    organization_id: str | None = None
    started_at: datetime
    ended_at: datetime | None = None
    state: Literal["recording", "complete", "interrupted"]
    audio: RecordedAudio
    events: list[dict[str, Any]]
    gaps: list[GapEntry]
    redactions: list[RedactionEntry] = Field(default_factory=list)
    errors: dict[str, int] = Field(default_factory=dict)
    leftovers: list[FileName] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the content of a file (blocking).

        Raises:
            DocumentError: when it is no sidecar, or a damaged one. OSError: when it cannot be read.
        """
        return cls.parse(path.read_bytes(), path.name)

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """Return what a sidecar of that name says; raises the `DocumentError` of `read`."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            if first["type"] == "json_invalid":
                problem = "this is no JSON: it is damaged, or cut off"
            elif where == "format":
                problem = f"this is no sidecar of a recording: its format is not {FORMAT}"
            else:
                said = first["msg"].removeprefix("Value error, ")
                problem = f"{where}: {said[:1].lower()}{said[1:]}"
            raise DocumentError(name, problem) from None

    def owned_by(self, token: str | None) -> Self:
        """Return it with another owner; with none it is final."""
        changed = self.model_copy(update={"owner": token})
        if token is None:
            changed.model_fields_set.discard("owner")
        return changed

    def text(self) -> str:
        """Return the JSON."""
        empty = {"leftovers"} if not self.leftovers else set()
        return self.model_dump_json(indent=2, exclude_unset=True, exclude=empty)

    def save(self, path: Path) -> None:
        """Write it in place of the one before (blocking)."""
        replace(path, self.text())
