"""The object store, behind the few things that recordings need of it. Everything here blocks.

What went wrong is told as a kind, never in the words of the library: those hold addresses, and an address
may hold a signature.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from audiohook_fw import AudiohookError

from .digest import PART, SMALL, Digest
from .failures import failure_kind
from .store_settings import StoreSettings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["Store", "StoreError", "StoredObject", "folder"]

_BRIEF: Final = 20.0  # seconds for a request, and below it, for how long it is tried again
_BRIEF_RETRY: Final = 10.0
_STAGED: Final = re.compile(r".+#\d+")
_T = TypeVar("_T")


class StoreError(AudiohookError):
    """The store did not do what it was asked for.

    Attributes:
        kind: a word for metrics and logs, such as `timeout`, `permission` or `http_503`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object: its name in the store, bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


def folder(conversation_id: str) -> str:
    """Return the part of a key that stands for a conversation; no id leads anywhere else."""
    name = conversation_id.lower()
    if re.fullmatch(r"[0-9a-z][0-9a-z_-]{0,99}", name):
        return name
    return "id-" + hashlib.sha256(conversation_id.encode()).hexdigest()


class Store:
    """Objects named `PREFIX/CONVERSATION-ID/FILE`; for many threads at once. In a directory they are for
    its owner only (0600, and 0700 for directories that are made).

    Every method raises `StoreError` when the store fails.

    Args:
        brief: give each request up after half a minute, for somebody who waits; for what is small only.

    Raises:
        ImportError: obstore is not installed. ValueError: an option that the store does not know, or a
        directory that cannot be made; says which.
        OSError: `ca_file` cannot be read.
    """

    def __init__(self, settings: StoreSettings, *, brief: bool = False) -> None:
        import obstore

        self._obstore = obstore
        self._prefix: Final = f"{settings.prefix}/" if settings.prefix else ""
        self._is_local: Final = settings.url.startswith("file:")
        self._root: Final = Path(unquote(urlsplit(settings.url).path)) if self._is_local else None
        self.url: Final = settings.url
        self._store = _open(settings, brief=brief)

    def __repr__(self) -> str:
        return f"<Store {self.url}>"

    def key(self, conversation_id: str, name: str) -> str:
        """Return the name of a file's object."""
        return f"{self._prefix}{folder(conversation_id)}/{name}"

    def has(self, key: str, digest: Digest) -> bool | None:
        """Tell whether an object is there with that content; `None`: there is none.

        An ETag that is the content's MD5, as S3 makes it, proves it; else the object is read.
        """
        try:
            meta = self._obstore.head(self._store, key)
            if meta["size"] != digest.size:
                return False
            if (meta["e_tag"] or "").strip('"') == digest.e_tag:
                return True
            found = hashlib.sha256()
            for piece in self._obstore.get(self._store, key).stream(min_chunk_size=1024 * 1024):
                found.update(piece)
            return found.hexdigest() == digest.sha256
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failure(error) from None

    def put(self, key: str, content: Path | bytes, digest: Digest) -> bool:
        """Write an object of a name that is free, and see that it is there; tell whether that was done.

        It is not done when the name is taken. An object that came out different is removed.
        Up to 16 MiB the store itself sees to it that nothing is overwritten; for more it is asked before.
        """
        small = digest.size <= SMALL
        # Read here: the library would hold such a file twice, and its errors would be taken for the store's.
        whole = content.read_bytes() if small and isinstance(content, Path) else content
        try:
            self._make_private(key)
            if small:
                self._obstore.put(self._store, key, whole, mode="create")
            elif self._exists(key):
                return False
            else:
                self._obstore.put(
                    self._store, key, content, use_multipart=True, chunk_size=PART, max_concurrency=2
                )
            if self._root is not None:
                (self._root / key).chmod(0o600)
        except self._obstore.exceptions.AlreadyExistsError:
            return False
        except Exception as error:
            raise self._failure(error) from None
        if not self.has(key, digest):
            self.delete([key])
            raise StoreError("mismatch")
        return True

    def objects(self, conversation_id: str | None = None) -> Iterator[StoredObject]:
        """Yield the objects of a conversation, or all of them."""
        prefix = self._prefix if conversation_id is None else self.key(conversation_id, "")
        listed = iter(self._obstore.list(self._store, prefix=prefix or None))
        while (batch := self._ask(lambda: next(listed, None))) is not None:
            for meta in batch:
                yield StoredObject(meta["path"], meta["size"], meta["last_modified"])

    def read(self, key: str) -> bytes:
        """Return an object that is small, such as a sidecar.

        Raises:
            FileNotFoundError: there is none.
        """
        return self._ask(lambda: bytes(self._obstore.get(self._store, key).bytes()))

    def download(self, key: str, path: Path) -> None:
        """Write an object into a new file, for the owner only.

        Raises:
            FileNotFoundError: there is none. OSError: the file cannot be written.
        """
        pieces = iter(
            self._ask(lambda: self._obstore.get(self._store, key)).stream(min_chunk_size=1024 * 1024)
        )
        with open(path, "xb", opener=_private) as file:
            while (piece := self._ask(lambda: next(pieces, None))) is not None:
                file.write(piece)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there do not matter."""
        for key in keys:
            try:
                self._obstore.delete(self._store, key)
            except FileNotFoundError:
                pass
            except Exception as error:
                raise self._failure(error) from None

    def delete_unfinished(self, conversation_id: str) -> int:
        """Remove what broken uploads left in a `file://` store, which no listing shows; return how many."""
        if self._root is None:
            return 0
        directory = self._root / self.key(conversation_id, "")
        staged = [path for path in directory.glob("*#*") if _STAGED.fullmatch(path.name)]
        for path in staged:
            path.unlink(missing_ok=True)
        return len(staged)

    def probe(self) -> None:
        """See that the store answers, and lets this server look for a name that is free."""
        self._ask(lambda: self._exists(f"{self._prefix}.probe"))

    def _make_private(self, key: str) -> None:
        """Make the directories of an object in a `file://` store, for the owner only.

        The library's would be for all; and so nobody else sees the object before it has its own mode.
        """
        if self._root is None:
            return
        directory = self._root
        for part in key.split("/")[:-1]:
            directory /= part
            directory.mkdir(mode=0o700, exist_ok=True)

    def _exists(self, key: str) -> bool:
        try:
            self._obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def _ask(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except FileNotFoundError:
            raise
        except Exception as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> Exception:
        return error if isinstance(error, StoreError) else StoreError(failure_kind(error))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _open(settings: StoreSettings, *, brief: bool) -> ObjectStore:
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    most = _BRIEF if brief else settings.timeout
    client: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=min(settings.connect_timeout, most)),
        "timeout": timedelta(seconds=min(settings.timeout, most)),
        "allow_http": settings.plain_http,
    }
    if settings.ca_file is not None:
        client["root_certificate"] = settings.ca_file.read_bytes()
    config: Any = {name: value for name, value in settings.options.items() if name != "allow_http"}
    config |= {name: value.get_secret_value() for name, value in settings.secrets.items()}
    # A few tries in a request's own time, so that a long file is not begun anew for one of its parts; the
    # long waits are the finisher's.
    retry: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
    if brief:  # a try begins within `retry_timeout`, or never
        retry = {"max_retries": 1, "retry_timeout": timedelta(seconds=_BRIEF_RETRY)}
    make: Callable[..., ObjectStore] = from_url  # its types want the names of the options at this place
    try:
        if settings.url.startswith("file:"):
            Path(unquote(urlsplit(settings.url).path)).mkdir(mode=0o700, parents=True, exist_ok=True)
            return make(settings.url, mkdir=True, automatic_cleanup=True)
        return make(settings.url, config=config, client_options=client, retry_config=retry)
    except (BaseError, ValueError, OSError) as error:  # of a directory, too
        raise ValueError(str(error).partition("\n")[0].strip()) from None
