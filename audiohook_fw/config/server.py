"""The section `server`: where it listens, what stands in front of it, and how it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from .fields import Network, NoneIs, Section, Words, number, seconds, text

__all__ = ["ServerSettings", "default_admin_token_file"]


_OFF: Final = NoneIs("off")

AdminPort = Annotated[
    Annotated[int, Field(ge=0, le=65_535)] | None,
    BeforeValidator(_OFF.read),
    _OFF,
    Words('a whole number from 0 to 65535, or "off"'),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 65_535}, {"const": "off"}]}),
]


class ServerSettings(Section):
    """Where the server listens, what stands in front of it, and how it stops."""

    host: str = text("127.0.0.1", "Address to listen on for calls; `0.0.0.0` means every interface.")
    port: int = number(8080, "TCP port for calls, health and public plugin routes; 0 takes a free one.",
                       ge=0, le=65_535)  # fmt: skip
    path: Annotated[str, Words("a path that begins with / and holds no ?, # or space")] = text(
        "/audiohook/ws",
        "URL path of the WebSocket, starting with `/`. Matched as a prefix: what follows after a further `/` "
        "(the id that Audio Connector appends) reaches plugins as `session.path_suffix`.",
        pattern=r"^/[^?#\s]*$",
    )
    admin_host: str = text("127.0.0.1", "Address to listen on for metrics, admin and admin plugin routes.")
    admin_port: AdminPort = Field(
        default=8081,
        description="TCP port for metrics, admin and admin plugin routes; 0 takes a free one, "
        "`off` opens none. From 0 to 65,535, or `off`.",
    )
    admin_token_file: Path | None = Field(
        default=None,
        description="File that holds the bearer token of the admin port; made with mode 0600 when "
        "it is missing. Not set: `audiohook-fw/admin-token` below `$XDG_STATE_HOME` (`~/.local/state`).",
        examples=["/var/lib/audiohook/admin-token"],
    )
    public_authorities: list[str] = Field(
        default=[],
        description="Host names, with a port unless it is 443, under which Genesys reaches this server "
        "through a proxy that changes `Host`; signatures are checked against these as well. A list of texts.",
    )
    public_path_prefix: Annotated[
        str, Words("empty, or a path that begins with /, does not end with one and holds no ?, # or space")
    ] = text(
        "",
        "Path prefix that a proxy in front removes, put back before signatures are checked. "
        "Starts with `/`, does not end with one; empty for none.",
        pattern=r"^(/[^?#\s]*[^/?#\s])?$",
    )
    trusted_proxies: list[Network] = Field(
        default=[],
        description="Address ranges of proxies whose `X-Forwarded-For` is believed. A list of CIDR ranges.",
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file with the certificate chain; set it to serve TLS. Read again on SIGHUP.",
        examples=["/etc/audiohook/fullchain.pem"],
    )
    tls_key: Path | None = Field(
        default=None,
        description="PEM file with the private key; not needed when the certificate file holds it too.",
        examples=["/etc/audiohook/privkey.pem"],
    )
    balancer_grace: float = seconds(
        5.0, "How long after readiness went off calls are still taken, so that balancers notice.", le=300
    )
    reconnect_spread: float = seconds(
        20.0, "Over how long `reconnect` is staggered over the running calls when draining.", le=300
    )
    drain_deadline: float = seconds(
        600.0, "How long running calls may go on after SIGTERM before they are disconnected.", le=86_400
    )
    node: str = text(
        "", "Name of this server in logs, traces and metrics; empty takes the host's name.", most=255
    )

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong between these settings."""
        if self.tls_key and not self.tls_certificate:
            yield "tls_key", "is set without tls_certificate; set both, or neither to serve without TLS"
        if self.admin_port == self.port != 0 and self.admin_host == self.host:
            yield "admin_port", "must differ from server.port, or be 0 (any free port) or off"
        if self.reconnect_spread > self.drain_deadline:
            yield "reconnect_spread", "must not be longer than server.drain_deadline"


def default_admin_token_file(env: Mapping[str, str]) -> Path:
    """Return where the admin token lies when `server.admin_token_file` is not set."""
    state = env.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "audiohook-fw" / "admin-token"
