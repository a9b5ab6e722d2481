"""Redaction for audiohook_fw: takes personal data out of transcripts before anybody sees them."""

from .events import Redacted
from .finding import Finding, Recogniser
from .plugin import Redact
from .settings import Kind, RedactSettings

__all__ = ["Finding", "Kind", "Recogniser", "Redact", "RedactSettings", "Redacted"]
