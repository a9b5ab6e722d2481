"""What every speech-recognition plugin can be told; a plugin adds its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RecognitionSettings", "SegmentSettings", "StreamSettings"]

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Channel = Literal["external", "internal"]


class RecognitionSettings(BaseModel):
    """Of both kinds of engine. Derive from `StreamSettings` or `SegmentSettings`."""

    model_config = ConfigDict(extra="forbid")

    language: str = Field(
        default="",
        pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$",
        description="of calls that name none; empty for the first one of the engine",
    )
    channels: tuple[Channel, ...] = Field(
        default=("external", "internal"), min_length=1, description="whom to listen to"
    )
    interims: bool = Field(default=True, description="emit what is being said while it is being said")
    interim_seconds: Seconds = Field(default=0.5, description="seconds between two interims of one channel")
    max_backlog: Seconds = Field(
        default=15.0, description="seconds of audio that an engine may be behind; then the oldest is dropped"
    )
    flush_timeout: Seconds = Field(
        default=4.0, description="seconds that pending results may take at a pause, an update and the end"
    )
    retry_seconds: Seconds = Field(
        default=0.5, description="seconds before an engine that failed is tried again; doubled each time"
    )
    retry_max: Seconds = Field(default=30.0, description="seconds that this grows to at most")
    return_seconds: Seconds = Field(
        default=30.0, description="seconds on another engine before the first one is tried again"
    )


class StreamSettings(RecognitionSettings):
    """Of engines that take a stream."""

    connect_timeout: Seconds = Field(default=5.0, description="seconds that opening a stream may take")
    stall_timeout: Seconds = Field(
        default=5.0, description="seconds that one step of the engine may take before it counts as hung"
    )
    result_timeout: Seconds = Field(
        default=10.0, description="seconds without any result after which the engine is asked for all it has"
    )
    replay_seconds: Seconds = Field(
        default=30.0,
        description="seconds of unconfirmed audio that are kept, to be sent again after a failure",
    )
    keep_alive_seconds: Seconds = Field(
        default=5.0, description="seconds between two signs of life while no audio comes"
    )


class SegmentSettings(RecognitionSettings):
    """Of engines that take pieces of speech."""

    speech: Literal["auto", "events", "energy"] = Field(
        default="auto",
        description="who tells speech: `events` of a plugin, its level (`energy`), or what there is (`auto`)",
    )
    pre_roll: float = Field(
        default=0.25, ge=0, le=5, description="seconds of audio before the start of speech that belong to it"
    )
    longest_segment: float = Field(
        default=20.0,
        ge=2,
        le=300,
        description="seconds of speech after which it is cut at its quietest point",
    )
    recognize_timeout: Seconds = Field(
        default=30.0, description="seconds that one segment may take before the engine counts as hung"
    )
