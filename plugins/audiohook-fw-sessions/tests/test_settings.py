"""URLs and filters: what is right is read, what is wrong is said in one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from audiohook_fw_sessions import SessionsSettings
from audiohook_fw_sessions.filters import Filter, FilterError, read_filter
from pydantic import ValidationError

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "driver", "database"),
    [
        ("sqlite:///a.sqlite", "sqlite+aiosqlite", "a.sqlite"),
        ("sqlite:////var/lib/a.sqlite", "sqlite+aiosqlite", "/var/lib/a.sqlite"),
        (f"postgresql://u:{SECRET}@db:5433/calls", "postgresql+asyncpg", "calls"),
        ("postgres://db/calls", "postgresql+asyncpg", "calls"),
        ("postgresql+asyncpg://db/calls", "postgresql+asyncpg", "calls"),
    ],
)
def test_urls(url: str, driver: str, database: str) -> None:
    settings = SessionsSettings(url=url)
    assert settings.address.drivername == driver
    assert settings.address.database == database
    assert SECRET not in repr(settings) + str(settings) + repr(settings.address) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "no URL"),
        ("calls.sqlite", "no URL"),
        (f"postgresql://u:{SECRET}@db:port/calls", "no URL"),
        (f"mysql://u:{SECRET}@db/calls", "mysql: is a database that is not known here"),
        (f"postgresql+psycopg://u:{SECRET}@db/calls", "not known here"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite://calls.sqlite", "three slashes"),
        (f"postgresql://u:{SECRET}@db", "name the database"),
        (f"postgresql://u:p@{SECRET}@db/calls", "in a password as %40"),
        (f"postgresql://u:{SECRET}@db:99999/calls", "from 1 to 65535"),
        (f"postgresql://u:{SECRET}@db:0/calls", "from 1 to 65535"),
        (f"postgresql://u:{SECRET}@db/calls?user=x", "may be sslmode= and host="),
        (f"postgresql://u:{SECRET}@db/calls?sslmode=yes", "sslmode is one of disable, allow"),
        (f"postgresql://u:{SECRET}@db/calls?ssl=require&ssl=disable", "sslmode is one of disable, allow"),
    ],
)
def test_wrong_urls(url: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem) as caught:
        SessionsSettings(url=url)
    assert SECRET not in str(caught.value)


def test_encryption_is_asked_for_as_everywhere() -> None:
    for given in ("sslmode=verify-full", "ssl=verify-full", "sslmode=verify-full&ssl=disable"):
        url = SessionsSettings(url=f"postgresql://db/calls?host=/run&{given}").address
        assert dict(url.query) == {"host": "/run", "ssl": "verify-full"}


def test_filters() -> None:
    wanted = read_filter(
        {
            "since": "2026-01-31",
            "until": "2026-02-01",
            "tag": ["team=north", "vip", "a=b=c"],
            "min_seconds": "1.5",
            "paused": "true",
            "search": "Good, morning!",
            "conversation": "ABC",
            "organization": "DEF",
        }
    )
    assert wanted == Filter(
        since=datetime(2026, 1, 31, tzinfo=UTC),
        until=datetime(2026, 2, 2, tzinfo=UTC),
        tags=(("team", "north"), ("vip", None), ("a", "b=c")),
        min_seconds=1.5,
        paused=True,
        words=("Good", "morning"),
        conversation="abc",
        organization="def",
    )
    at = read_filter({"since": "2026-01-31T09:30+01:00", "until": "2026-01-31T09:30"})
    assert (at.since, at.until) == (
        datetime(2026, 1, 31, 8, 30, tzinfo=UTC),
        datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    )
    assert read_filter({}) == Filter()
    assert read_filter({"until": "9999-12-31"}).until == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "name", "problem"),
    [
        ({"since": "yesterday"}, "since", "no time"),
        ({"since": "2026-02-30"}, "since", "no time"),
        ({"until": "9999-12-32"}, "until", "no time"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "since", "not before the end"),
        ({"state": "running"}, "state", "there are open, ended, rejected, interrupted"),
        ({"min_seconds": "-1"}, "min_seconds", "no number"),
        ({"min_seconds": "nan"}, "min_seconds", "no number"),
        ({"min_seconds": "long"}, "min_seconds", "no number"),
        ({"paused": "perhaps"}, "paused", "neither true nor false"),
        ({"tag": ["=x"]}, "tag", "names no tag"),
        ({"search": "?!"}, "search", "no word"),
        ({"key": "x" * 501}, "key", "longer"),
        ({"queue": "a\0b"}, "queue", "NUL"),
        ({"queue": "\ud83d"}, "queue", "no text"),
    ],
)
def test_wrong_filters(given: dict[str, object], name: str, problem: str) -> None:
    with pytest.raises(FilterError, match=problem) as caught:
        read_filter(given)
    assert caught.value.name == name
