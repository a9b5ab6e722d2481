"""Why an upgrade was refused, in words that a machine can count."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["AuthFailure"]


class AuthFailure(StrEnum):
    """The `reason` of an `AuthenticationError`: for logs and metrics, never for the wire.

    The members stand in the order of the checks. Reasons about the content of a signature
    (`ALGORITHM` to `EXPIRED`) are only given once the signature itself was right, so they
    tell of a client that holds the key: a wrong clock, say.
    """

    ADDRESS = "address_not_allowed"
    HEADER_MISSING = "header_missing"
    HEADER_REPEATED = "header_repeated"
    HEADER_MALFORMED = "header_malformed"
    UNKNOWN_KEY = "unknown_key"
    UNSIGNED = "request_not_signed"
    SIGNED = "request_signed_for_unsigned_key"
    SIGNATURE_MALFORMED = "signature_malformed"
    LABEL = "signature_label_unpaired"
    COMPONENTS = "signature_components"
    SIGNATURE_WRONG = "signature_wrong"
    ALGORITHM = "signature_algorithm"
    KEY_ID = "signature_key_id"
    NONCE = "signature_nonce"
    CREATED_MISSING = "signature_without_created"
    CREATED_AHEAD = "signature_created_in_future"
    TOO_OLD = "signature_too_old"
    EXPIRED = "signature_expired"
    REPLAYED = "signature_replayed"
    ORGANIZATION = "organization_not_allowed"
