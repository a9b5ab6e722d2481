"""Take API keys from a table of one's own, here a dictionary in place of a database."""

from __future__ import annotations

from audiohook_fw import Credential, hookimpl

SECRETS = {"key-of-the-bank": b"a secret of 32 bytes, or so long"}


@hookimpl
async def find_credential(api_key: str, organization_id: str) -> Credential | None:
    """Return `None` for keys that are not ours; another plugin may know them."""
    secret = SECRETS.get(api_key)
    if secret is None:
        return None
    return Credential(api_key=api_key, secrets=(secret,), name="bank", product="transcription")
