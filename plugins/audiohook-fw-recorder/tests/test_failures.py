"""Every failure has a word, and no word has an address in it; those of a real store are in test_store."""

from __future__ import annotations

import errno

import pytest
from audiohook_fw_recorder.failures import failure_kind
from obstore.exceptions import GenericError, NotSupportedError, UnauthenticatedError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError(), "not_found"),
        (OSError(errno.ENOSPC, "no room"), "ENOSPC"),
        (OSError("nothing known"), "other"),
        (UnauthenticatedError("https://host/?sig=secret"), "authentication"),
        (NotSupportedError("x"), "not_supported"),
        (NotImplementedError("x"), "not_supported"),
        (GenericError("Server returned non-2xx status code: 503 Service Unavailable: <x>"), "http_503"),
        (GenericError("Server returned non-2xx status code: 403 Forbidden: <x>"), "permission"),
        (GenericError("Server returned non-2xx status code: 401 Unauthorized: <x>"), "authentication"),
        (GenericError("Server returned non-2xx status code: 404 Not Found: <x>"), "not_found"),
        (GenericError("error sending request\n HttpError { kind: Timeout, source"), "timeout"),
        (GenericError("error sending request\n HttpError { kind: Connect, source"), "connection"),
        (GenericError("Unable to write: Os {\n   code: 28,\n kind: StorageFull }"), "ENOSPC"),
        (GenericError("https://host/?sig=secret"), "other"),
        (RuntimeError("status code 500"), "other"),
    ],
)
def test_failures_have_words(error: Exception, kind: str) -> None:
    assert failure_kind(error) == kind
