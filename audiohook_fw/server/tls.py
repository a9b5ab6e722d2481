"""The TLS context of `server.tls_certificate` and `server.tls_key`."""

from __future__ import annotations

import ssl

from audiohook_fw.config import ServerSettings
from audiohook_fw.errors import ConfigError

__all__ = ["make_tls"]


def make_tls(settings: ServerSettings) -> ssl.SSLContext | None:
    """Return a context with certificate and key, or `None` when none is configured. Reads files: blocks.

    To reload, make another one: a context with a new certificate and the old key would serve nobody.

    Raises:
        ConfigError: a file cannot be read, or does not hold what it should.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for setting, path in (("tls_certificate", certificate), ("tls_key", key)):
        if path is None:
            continue
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConfigError(f"server.{setting}", f"cannot read {path}: {error.strerror}") from error
    try:
        # The password keeps OpenSSL from asking on the terminal for one.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            "server.tls_certificate",
            "certificate and key do not fit together or are no PEM files; needed are the certificate chain, "
            f"leaf first, and its key without a password ({_reason(error)})",
        ) from error
    return context


def _reason(error: ValueError | ssl.SSLError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    return (reason or type(error).__name__).lower().replace("_", " ")
