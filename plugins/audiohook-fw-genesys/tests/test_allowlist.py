"""The allowlist over days of virtual time: Genesys, the disk, a file of one's own, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_genesys import GenesysSettings
from audiohook_fw_genesys.allowlist import DAY, Allowlist
from audiohook_fw_genesys.errors import Outcome, PlatformError
from audiohook_fw_genesys.gate import Ticket

BEGIN = 1_800_000_000.0


class Platform:
    """Tells addresses, or fails; its clock is the loop's, from some day on."""

    def __init__(self, *cidrs: str) -> None:
        self.cidrs = list(cidrs)
        self.error: Exception | None = None
        self.asked: list[float] = []

    def now(self) -> float:
        return BEGIN + asyncio.get_running_loop().time()

    async def get(self, path: str, ticket: Ticket, kind: str) -> object:
        self.asked.append(self.now() - BEGIN)
        if self.error is not None:
            raise self.error
        return {"entities": [{"cidr": c, "service": "audiohook", "region": "x"} for c in self.cidrs]}


@asynccontextmanager
async def started(tmp_path: Path, platform: Platform | None, **settings: Any) -> AsyncIterator[Allowlist]:
    where = {"domain": "mypurecloud.de", "client_id": "i", "client_secret": "s"} if platform else {}
    section = {"addresses": "enforce", "ranges_store": tmp_path / "store.json", **where, **settings}
    clock = platform.now if platform else lambda: BEGIN
    allowlist = Allowlist(
        GenesysSettings.model_validate(section), platform.get if platform else None, clock=clock
    )
    await allowlist.start()
    try:
        yield allowlist
    finally:
        await allowlist.close()


def test_hour_by_hour(virtual: Callable[..., Any], tmp_path: Path) -> None:
    async def run() -> None:
        platform = Platform("192.0.2.1", "192.0.2.2")
        async with started(tmp_path, platform) as allowlist:
            assert not allowlist.allows("192.0.2.1")  # nothing is known yet, and start-up does not wait
            await asyncio.sleep(1)
            assert allowlist.allows("192.0.2.1")
            assert not allowlist.allows("192.0.2.3")
            platform.cidrs = ["192.0.2.2", "192.0.2.3"]
            await asyncio.sleep(3_600)
            assert allowlist.allows("192.0.2.3")
            assert allowlist.allows("192.0.2.1")
            await asyncio.sleep(6.9 * DAY)
            assert allowlist.allows("192.0.2.1")
            await asyncio.sleep(0.2 * DAY)
            assert not allowlist.allows("192.0.2.1")
            assert allowlist.age == pytest.approx(3_600, abs=3_600)
            assert platform.asked[:3] == [0, 3_600, 7_200]

    virtual(run)


def test_the_last_good_list_counts_on(virtual: Callable[..., Any], tmp_path: Path) -> None:
    async def run() -> None:
        platform = Platform("192.0.2.1")
        async with started(tmp_path, platform) as allowlist:
            await asyncio.sleep(1)
            platform.error = PlatformError(Outcome.SERVER_ERROR, "the Platform API answers 503")
            await asyncio.sleep(30 * DAY)
            assert allowlist.allows("192.0.2.1")
            assert "answers 503" in allowlist.problem
            assert allowlist.age is not None
            assert allowlist.age > 29 * DAY
        assert platform.asked[1:6] == [3_600, 3_660, 3_780, 4_020, 4_500]  # soon again, then ever less often
        async with started(tmp_path, platform) as allowlist:  # the next start
            assert allowlist.allows("192.0.2.1")
            platform.error = None
            await asyncio.sleep(3_600)
            assert allowlist.problem == ""

    virtual(run)


@pytest.mark.parametrize("cidrs", [[], ["x"], ["0.0.0.0/0"]])
def test_a_list_of_nothing_changes_nothing(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture, cidrs: list[str]
) -> None:
    async def run() -> None:
        platform = Platform("192.0.2.1")
        async with started(tmp_path, platform, ranges_grace_days=0) as allowlist:
            await asyncio.sleep(1)
            platform.cidrs = cidrs
            await asyncio.sleep(DAY)
            assert allowlist.allows("192.0.2.1")
            assert not allowlist.allows("192.0.2.2")
            assert "the list is empty" in allowlist.problem
            assert "the addresses known before count on (1)" in caplog.messages[-1]

    virtual(run)


@pytest.mark.parametrize("missing", ["refuse", "allow"])
def test_nothing_is_known_at_all(virtual: Callable[..., Any], tmp_path: Path, missing: str) -> None:
    async def run() -> None:
        platform = Platform()
        platform.error = PlatformError(Outcome.UNREACHABLE, "no way")
        async with started(tmp_path, platform, ranges_missing=missing) as allowlist:
            await asyncio.sleep(DAY)
            assert allowlist.allows("192.0.2.1") is (missing == "allow")
            platform.error, platform.cidrs = None, ["192.0.2.2"]
            await asyncio.sleep(3_600)
            assert not allowlist.allows("192.0.2.1")
            assert allowlist.allows("192.0.2.2")

    virtual(run)


def _write(path: Path, *cidrs: str) -> None:
    path.write_text(json.dumps({"entities": [{"cidr": c, "service": "audiohook"} for c in cidrs]}))


def test_a_file_alone(virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "own.json"

    async def run() -> None:
        _write(path, "192.0.2.1", "192.0.2.2")
        async with started(tmp_path, None, ranges_file=path) as allowlist:
            assert allowlist.allows("192.0.2.1")  # from the first moment
            assert allowlist.age is None
            _write(path, "192.0.2.2")
            await asyncio.sleep(3_601)
            assert not allowlist.allows("192.0.2.1")  # whoever takes it out of the file means it
            path.write_text("{")
            await asyncio.sleep(3_600)
            assert allowlist.allows("192.0.2.2")
            assert "this is no JSON; the addresses known before count on (1)" in caplog.text
        assert not (tmp_path / "store.json").exists()

    caplog.set_level(logging.INFO)
    virtual(run)


def test_a_file_beside_genesys(virtual: Callable[..., Any], tmp_path: Path) -> None:
    async def run() -> None:
        _write(tmp_path / "own.json", "203.0.113.1")
        async with started(tmp_path, Platform("192.0.2.1"), ranges_file=tmp_path / "own.json") as allowlist:
            assert allowlist.allows("203.0.113.1")
            assert not allowlist.allows("192.0.2.1")
            await asyncio.sleep(1)
            assert allowlist.allows("192.0.2.1")
            assert allowlist.allows("203.0.113.1")

    virtual(run)


def test_a_file_that_is_not_there_refuses_everybody(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with started(tmp_path, None, ranges_file=tmp_path / "none.json") as allowlist:
            assert not allowlist.allows("192.0.2.1")
            assert caplog.messages == [
                f"plugins.genesys.ranges_file: {tmp_path}/none.json: No such file or directory; "
                "no address was known before"
            ]

    virtual(run)


def test_services_and_regions(virtual: Callable[..., Any], tmp_path: Path) -> None:
    async def run(expected: bool, **settings: Any) -> None:
        async with started(tmp_path, Platform("192.0.2.1"), **settings) as allowlist:
            await asyncio.sleep(1)
            assert allowlist.allows("192.0.2.1") is expected

    virtual(lambda: run(True, ranges_regions=["X", "y"]))
    virtual(lambda: run(True, ranges_services=["AudioHook"]))
    virtual(lambda: run(True, ranges_services=["all"], ranges_regions=["All"]))
    virtual(lambda: run(False, ranges_regions=["y"]))
    virtual(lambda: run(False, ranges_services=["audio-connector"]))
    virtual(lambda: run(True, ranges_services=[]))


def test_genesys_lists_none_that_fits(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        platform = Platform("192.0.2.1")
        async with started(tmp_path, platform, ranges_regions=["eu-central"]) as allowlist:
            await asyncio.sleep(1)
            assert not allowlist.allows("192.0.2.1")
            told = (
                "of Genesys' addresses no address fits service audiohook, region eu-central; "
                "there are: audiohook x (plugins.genesys.ranges_services and ranges_regions)"
            )
            assert allowlist.problem == told
            assert caplog.record_tuples == [("audiohook_fw_genesys.allowlist", logging.ERROR, told)]
            platform.error = PlatformError(Outcome.UNREACHABLE, "no way")
            await asyncio.sleep(3_601)
            assert "no way; no address fits service audiohook" in caplog.messages[-1]

    caplog.set_level(logging.WARNING)
    virtual(run)


def test_a_file_of_which_nothing_fits(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        own = tmp_path / "own.json"
        own.write_text('[{"cidr": "192.0.2.1"}]')
        async with started(tmp_path, None, ranges_file=own) as allowlist:
            assert not allowlist.allows("192.0.2.1")
            assert (
                "own.json: no address fits service audiohook, region all; there are: - -" in allowlist.problem
            )
            assert caplog.messages == [f"{allowlist.problem}; no address was known before"]
            _write(own, "192.0.2.1")
            await asyncio.sleep(3_601)
            assert allowlist.allows("192.0.2.1")
            assert allowlist.problem == ""

    virtual(run)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"entities": []}', "there is no address in it"),
        ('[{"cidr": "nonsense"}]', "there is no address in it"),
        ('[{"cidr": "203.0.113.1", "service": "smtp"}]', "no address fits service audiohook"),
        ("", "this is no JSON"),
        (None, "No such file"),
    ],
)
def test_a_file_that_becomes_useless_changes_nothing(
    virtual: Callable[..., Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: str | None,
    problem: str,
) -> None:
    async def run() -> None:
        own = tmp_path / "own.json"
        _write(own, "192.0.2.1", "192.0.2.2")
        async with started(tmp_path, None, ranges_file=own) as allowlist:
            own.unlink() if content is None else own.write_text(content)
            await asyncio.sleep(3_601)
            assert allowlist.allows("192.0.2.1")
            assert problem in caplog.messages[-1]
            assert "; the addresses known before count on (2)" in caplog.messages[-1]
            _write(own, "192.0.2.3")
            await asyncio.sleep(3_601)
            assert allowlist.allows("192.0.2.3")
            assert not allowlist.allows("192.0.2.1")

    virtual(run)


def test_a_disk_that_refuses(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        store = tmp_path / "none" / "store.json"
        async with started(tmp_path, Platform("192.0.2.1"), ranges_store=store) as allowlist:
            await asyncio.sleep(1)
            assert allowlist.allows("192.0.2.1")
            assert f"cannot write {store}: No such file or directory" in caplog.text

    virtual(run)


def test_a_store_that_is_garbage(
    virtual: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        (tmp_path / "store.json").write_text("{")
        async with started(tmp_path, Platform("192.0.2.1")) as allowlist:
            await asyncio.sleep(1)
            assert allowlist.allows("192.0.2.1")
        assert "the stored addresses are lost" in caplog.text
        assert json.loads((tmp_path / "store.json").read_text())["entities"]

    virtual(run)
