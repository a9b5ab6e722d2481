"""Where the commands have their answers from: a file, Genesys Cloud, or what the server stored."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

from opentelemetry.metrics import NoOpMeter

from .address_book import AddressBook
from .allowlist import DAY, PATH
from .client import PlatformClient
from .conversation import read_conversation
from .errors import Outcome, PlatformError
from .gate import Priority, Ticket
from .metrics import GenesysMetrics
from .queue_names import QueueNames
from .ranges import Listing, Range, RangesError, read_file, read_ranges
from .settings import GenesysSettings

__all__ = ["listed", "looked_up"]


async def listed(settings: GenesysSettings, file: Path | None) -> tuple[frozenset[Range], str]:
    """Return the addresses, and what is to be said of them, empty for nothing.

    Those of the file, if one is given; else those that the server lets in: what Genesys tells, what it told
    before and that is still in its grace period, and those of the configured file.

    Raises:
        RangesError: there are none, or they cannot be read.
    """
    if file is not None:
        listing = read_file(file)
        return listing.ranges, _skipped(listing)
    notes: list[str] = []
    found: set[Range] = set()
    if settings.ranges_file is not None:
        listing = read_file(settings.ranges_file)
        found |= listing.ranges
        notes.append(_skipped(listing))
    if settings.has_credentials:
        book, note = await _book(settings)
        found |= set(book.ranges)
        notes.append(note)
    elif settings.ranges_file is None:
        raise RangesError(
            "nobody tells the addresses: give --file, or set domain, client_id and client_secret "
            "(or ranges_file) in [plugins.genesys]"
        )
    return frozenset(found), "\n".join(filter(None, notes))


async def _book(settings: GenesysSettings) -> tuple[AddressBook, str]:
    """Return what the server stored, brought up to date as the server does; it is not stored here.

    Raises:
        RangesError: Genesys tells nothing, and nothing is stored.
    """
    store = settings.ranges_store
    book = AddressBook(settings.api, settings.ranges_grace_days * DAY)
    try:
        missing = "" if book.load(store) else f"there is no {store} from before"
    except RangesError as error:
        missing = str(error)
    try:
        listing = read_ranges(await _asked(settings, PATH))
        if not listing.ranges:
            raise RangesError("Genesys' list is empty")
    except (PlatformError, RangesError) as error:
        if missing:
            raise RangesError(f"{error}; and {missing}") from None
        return book, f"{error}; these are the addresses of {store}"
    book.update(listing.ranges, time.time())
    return book, _skipped(listing)


async def looked_up(settings: GenesysSettings, conversation: str) -> dict[str, str] | str:
    """Return what is known of a conversation, by name, or why there is nothing."""
    client = PlatformClient(settings, GenesysMetrics(NoOpMeter("genesys")))
    names = QueueNames(client)
    ticket = Ticket(Priority.WANTED)
    try:
        path = f"/api/v2/conversations/{quote(conversation.strip(), safe='')}"
        state = read_conversation(await client.get(path, ticket, "conversation"))
        name = state.queue_name or (await names.name_of(state.queue_id) if state.queue_id else "")
    except PlatformError as error:
        if error.outcome is Outcome.NOT_FOUND:
            return "Genesys knows no such conversation, or the OAuth client may not see its division"
        return str(error)
    finally:
        await names.close()
        await client.close()
    return {
        "queue": f"{name or '(no name)'} {state.queue_id}" if state.queue_id else "none",
        "agent": state.agent_id or "none",
        "on hold": "yes" if state.on_hold else "no",
        "secure pause": "yes" if state.secure_pause else "no",
        "ended": "yes" if state.ended else "no",
    }


async def _asked(settings: GenesysSettings, path: str) -> object:
    client = PlatformClient(settings, GenesysMetrics(NoOpMeter("genesys")))
    try:
        return await client.get(path, Ticket(Priority.WANTED), "ipranges")
    finally:
        await client.close()


def _skipped(listing: Listing) -> str:
    return f"{listing.skipped} entries are skipped: {'; '.join(listing.reasons)}" if listing.skipped else ""
