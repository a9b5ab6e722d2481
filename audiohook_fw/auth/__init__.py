"""Who may connect: HTTP message signatures, API keys, replay protection, source addresses."""

from .addresses import AddressPolicy
from .authenticator import Authenticator, PreparedUpgrade, Upgrade
from .credentials import ByteOrder, Credential, KeyRing, Product, decode_secret, is_api_key
from .failure import AuthFailure
from .replay import ReplayStore
from .request import HeaderFields, HeaderSource, UpgradeRequest
from .signature import (
    ALGORITHM,
    REQUIRED_COMPONENTS,
    Message,
    compute_signature,
    normalize_authority,
    sign,
    signature_base,
)
from .verifier import SignaturePolicy, VerifiedSignature, Verifier

__all__ = [
    "ALGORITHM",
    "REQUIRED_COMPONENTS",
    "AddressPolicy",
    "AuthFailure",
    "Authenticator",
    "ByteOrder",
    "Credential",
    "HeaderFields",
    "HeaderSource",
    "KeyRing",
    "Message",
    "PreparedUpgrade",
    "Product",
    "ReplayStore",
    "SignaturePolicy",
    "Upgrade",
    "UpgradeRequest",
    "VerifiedSignature",
    "Verifier",
    "compute_signature",
    "decode_secret",
    "is_api_key",
    "normalize_authority",
    "sign",
    "signature_base",
]
