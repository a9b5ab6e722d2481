"""What the plugin says of its health and of refused addresses, and its idleness without settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from audiohook_fw_genesys import Genesys

from audiohook_fw.testing import CallDriver, FakePlatform, PlatformFault

NewCall = Callable[..., CallDriver]
UNKNOWN = "4e0fd2c6-0000-4000-8000-000000000001"
NOWHERE = {"api_url": "http://127.0.0.1:9", "login_url": "http://127.0.0.1:9"}
NOWHERE |= {"client_id": "id", "client_secret": "secret"}


def _plugin(call: CallDriver) -> Genesys:
    assert isinstance(call.plugin, Genesys)
    return call.plugin


def test_it_is_not_well_while_the_api_is_down(new_call: NewCall) -> None:
    platform = FakePlatform(default_queue="Sales")
    call = new_call(platform, UNKNOWN, breaker_failures=2)
    call.open()
    assert _plugin(call).check_health() is None
    platform.misbehave(PlatformFault(status=503))
    call.advance(40)
    assert _plugin(call).check_health() == "the Platform API answers 503"
    platform.mend()
    call.advance(120)
    assert _plugin(call).check_health() is None


def test_health_may_be_left_alone(new_call: NewCall) -> None:
    platform = FakePlatform()
    platform.misbehave(PlatformFault(cut=True))
    call = new_call(platform, UNKNOWN, breaker_failures=1, health=False)
    call.open()
    assert _plugin(call).check_health() is None


def test_it_is_not_well_without_any_address(new_call: NewCall, tmp_path: Path) -> None:
    platform = FakePlatform()
    platform.misbehave(PlatformFault.garbage("ipranges"))
    call = new_call(platform, UNKNOWN, addresses="enforce", ranges_store=str(tmp_path / "store.json"))
    call.start()
    assert "none of Genesys' addresses is known" in str(_plugin(call).check_health())
    assert call.run(_plugin(call).check_address, "192.0.2.10") is False
    call.advance(1)
    assert "answers what is no JSON" in str(_plugin(call).check_health())
    platform.mend()
    call.advance(120)
    assert _plugin(call).check_health() is None
    assert call.run(_plugin(call).check_address, "192.0.2.10") is None
    assert call.run(_plugin(call).check_address, "203.0.113.66") is False


def test_refused_addresses_do_not_flood_the_log(
    audiohook_session: NewCall, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ranges.json"
    path.write_text(json.dumps([{"cidr": "192.0.2.10", "service": "audiohook"}]))
    call = audiohook_session(Genesys, settings={"addresses": "enforce", "ranges_file": str(path)})
    call.start()
    for number in range(200):
        assert call.run(_plugin(call).check_address, f"203.0.113.{number}") is False
    call.advance(11)
    call.run(_plugin(call).check_address, "203.0.113.200")
    said = [line for line in call.logs if "is refused" in line]
    assert len(said) == 2
    assert "203.0.113.0 is refused" in said[0]
    assert "203.0.113.200 is refused" in said[1]
    assert "(and 199 more since the last such line)" in said[1]


def test_idle_without_settings(audiohook_session: NewCall) -> None:
    call = audiohook_session(Genesys)
    call.open()
    call.audio(seconds=1)
    assert _plugin(call).check_address("203.0.113.66") is None
    assert _plugin(call).check_health() is None
    assert call.context == {}
    call.close()


ALL = "domain, client_id, client_secret"


@pytest.mark.parametrize(
    ("settings", "level", "said"),
    [
        ({}, "INFO", f"idle: no credentials, so no call is looked up: [plugins.genesys] has no {ALL}"),
        ({"domain": "mypurecloud.de"}, "WARNING", "has no client_id, client_secret"),
        (
            {"addresses": "enforce", "ranges_file": "own.json"},
            "INFO",
            f"so no call is looked up: [plugins.genesys] has no {ALL}",
        ),
        ({"lookup": "off"}, "INFO", ""),
        (NOWHERE, "INFO", ""),
    ],
)
def test_idleness_is_said(
    audiohook_session: NewCall,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, str],
    level: str,
    said: str,
) -> None:
    caplog.set_level("INFO")
    audiohook_session(Genesys, settings=settings).start()
    lines = [record for record in caplog.records if "no credentials" in record.message]
    assert [record.levelname for record in lines] == ([level] if said else [])
    assert all(said in record.message for record in lines)
    assert all(record.message.startswith("idle: ") is ("ranges_file" not in settings) for record in lines)


def test_a_start_does_not_wait_for_genesys(new_call: NewCall, tmp_path: Path) -> None:
    platform = FakePlatform()
    platform.misbehave(PlatformFault(delay=1_000))
    call = new_call(platform, UNKNOWN, addresses="enforce", ranges_store=str(tmp_path / "store.json"))
    call.start()
    assert call.time == 0
