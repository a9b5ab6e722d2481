"""Read `Signature-Input` and `Signature`: structured fields that may come from an attacker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import http_sf

from audiohook_fw.errors import AuthenticationError

from .failure import AuthFailure
from .request import HeaderFields
from .signature import REQUIRED_COMPONENTS

__all__ = ["Candidate", "covered_names", "read_candidates"]

# A real client's fields have 320 and 60 characters. The parser is Python, so its work is bounded.
_MAX_FIELD: Final = 2048
_MAX_LABELS: Final = 4
# A display string (`%"…"`) has no backslash escapes, a string has.
_MEMBER = re.compile(r'(?:%"[^"]*"|"(?:[^"\\]|\\.)*"|[^",])+')
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")

_Member = tuple[Any, dict[str, Any]]
"""A bare item, or a list of members, and its parameters."""


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """One label that has both fields, parsed; `repr` shows none of it.

    Attributes:
        components: covered component identifiers, each with its flags.
        parameters: of the signature, as parsed.
        text: the inner list with its parameters as received; this is what was signed.
        signature: of any length.
    """

    components: Sequence[_Member]
    parameters: dict[str, Any]
    text: str
    signature: bytes


def read_candidates(headers: HeaderFields) -> list[Candidate]:
    """Return the labels that have an inner list and a byte sequence, in order of arrival.

    Raises:
        AuthenticationError: when a field is malformed or too long, or no label has both.
    """
    inputs = _read_members(headers.joined("signature-input") or "")
    signatures = _read_members(headers.joined("signature") or "")
    if inputs is None or signatures is None:
        raise AuthenticationError(AuthFailure.SIGNATURE_MALFORMED)
    candidates = []
    for label in filter(signatures.__contains__, inputs):
        (components, parameters), text = inputs[label]
        (signature, _), _ = signatures[label]
        if isinstance(components, list) and isinstance(signature, bytes):
            candidates.append(Candidate(components, parameters, text, signature))
    if not candidates:
        raise AuthenticationError(AuthFailure.LABEL)
    return candidates


def covered_names(candidate: Candidate) -> list[str] | None:
    """Return the covered names if they meet the policy: known form, all required, each once."""
    names = []
    for name, flags in candidate.components:
        # Flags (`sf`, `bs`, `key`, `req`) change a value's meaning; AudioHook uses none.
        if type(name) is not str or flags or not _HEADER_NAME.fullmatch(name.removeprefix("@")):
            return None
        names.append(name)
    unique = set(names)
    return names if len(unique) == len(names) and unique.issuperset(REQUIRED_COMPONENTS) else None


def _read_members(text: str) -> dict[str, tuple[_Member, str]] | None:
    """Return a dictionary field's members by label: parsed, and as text; `None` if malformed.

    The text is what was signed: it is copied, not serialised again, so that unknown parameters
    and unusual spacing stay as the client wrote them.
    """
    if len(text) > _MAX_FIELD:
        return None
    try:
        # A non-ASCII text raises here; `ascii` also keeps lone surrogates out.
        parsed = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_duplicate)
        members = cast("dict[str, _Member]", parsed)
        # The field is well-formed, so a comma outside a string ends a member: texts and members pair up.
        pairs = zip(members.items(), _MEMBER.findall(text), strict=True)
        read = {label: (member, raw.partition("=")[2].strip(" \t")) for (label, member), raw in pairs}
    except Exception:  # a parser of others, fed by attackers: whatever it raises, it is malformed
        return None
    return read if len(read) <= _MAX_LABELS else None


def _refuse_duplicate(key: str, context: str) -> None:
    raise ValueError(f"duplicate {context} key")
