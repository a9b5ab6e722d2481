"""The section `telemetry`: logs, traces and metrics."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from .fields import Section, Words, number, text

__all__ = ["TelemetrySettings"]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _endpoint(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("must be an http:// or https:// URL, such as http://127.0.0.1:4318")
    if "@" in parts.netloc:
        raise ValueError(
            "must not hold a user name or password; use OTEL_EXPORTER_OTLP_HEADERS for credentials"
        )
    return value


class TelemetrySettings(Section):
    """Logs, traces and metrics."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info",
        description="Least serious log records that are written: `debug`, `info`, `warning` or `error`.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="Form of log records: `text` for people, `json` (one object a line) for machines.",
    )
    traces: Literal["none", "otlp", "console"] = Field(
        default="none",
        description="Where traces go: `none`, `otlp` (a collector; needs the extra `audiohook-fw[otlp]`) "
        "or `console` (standard error).",
    )
    otlp_endpoint: Annotated[str, AfterValidator(_endpoint)] = text(
        "",
        "URL of the OTLP/HTTP collector, without `/v1/traces`; empty takes `OTEL_EXPORTER_OTLP_ENDPOINT`, "
        "or http://localhost:4318.",
    )
    service_name: Annotated[str, Words("a text that begins with no space")] = text(
        "audiohook-fw", "`service.name` of traces and metrics, 1 to 255 letters.", pattern=r"^\S.*$", most=255
    )
    sample_ratio: float = number(
        1.0,
        "Share of calls that are traced; a caller's own decision (`traceparent`) counts first.",
        ge=0,
        le=1,
    )
    metrics: bool = Field(default=True, description="Serve `/metrics` on the admin port. true or false.")
    personal_data: bool = Field(
        default=False,
        description="Allow numbers and names of callers in traces and logs. true or false; keep it off "
        "unless your law allows it.",
    )
