"""Calls through the plugin, in virtual time: what is decided, when, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_policy import Policy, unanswered
from audiohook_fw_policy.rules import RuleSet

from audiohook_fw import Accept, Reject
from audiohook_fw.testing import CallDriver, Disconnected

QUEUE = "d7934305-0972-4844-938e-9060eef73d05"
SALES = 'action = "accept"\nwhen.queue = "Sales"\ntags = { team = "sales" }\n'

Call = Callable[..., CallDriver]


@pytest.fixture
def call(audiohook_session: Call, rule_file: Callable[..., Path]) -> Call:
    """Make a call that rules decide; `found` is what is looked up, `settings` the plugin's."""

    def make(
        *texts: str, found: object = None, settings: dict[str, object] | None = None, **more: Any
    ) -> CallDriver:
        top = {"top": more.pop("top")} if "top" in more else {}
        section = {"file": str(rule_file(*texts, **top)), **(settings or {})}
        others = {"lookup": found} if found is not None else None
        return audiohook_session(Policy, settings=section, others=others, **more)

    return make


def decisions(call: CallDriver) -> list[str]:
    """Return what the log says of decisions."""
    return [line.removeprefix("policy: ") for line in call.logs if " by rule " in line]


def test_without_a_file_there_is_no_opinion(audiohook_session: Call) -> None:
    call = audiohook_session(Policy)
    assert call.open() == Accept()
    assert call.logs == ["policy: no file is set (plugins.policy.file): no opinion about any call"]


def test_a_call_is_accepted_with_tags(call: Call) -> None:
    driver = call('action = "accept"\nwhen.dnis = "+49800*"\ntags = { line = "free" }', dnis="tel:+49800123")
    assert driver.open() == Accept(tags={"line": "free"})
    assert not driver.paused
    assert decisions(driver) == ["accept, tags line=free by rule r1"]


def test_a_call_is_rejected(call: Call) -> None:
    driver = call('action = "reject"\nreason = "error"\ninfo = "later"\nwhen.ani = "+49*"', ani="tel:+49301")
    assert driver.open() == Reject("error", "later")
    assert decisions(driver) == ["reject (error) by rule r1"]


def test_a_call_that_no_rule_is_for_gets_the_default(call: Call) -> None:
    driver = call('action = "reject"\nwhen.language = "de"', language="fr-FR")
    assert driver.open() == Accept()
    assert decisions(driver) == ["accept by rule (default), no rule matches"]


def test_its_own_time_counts_not_that_of_the_decision(call: Call) -> None:
    # calls begin at midnight UTC, which is 1 o'clock in Berlin
    assert isinstance(call('action = "reject"\nwhen.time.hours = "01:00-01:01"').open(), Reject)


def test_custom_configuration_and_key(call: Call) -> None:
    rule = 'action = "reject"\nwhen = { custom = { tier = "test" }, key = "pilot" }'
    assert isinstance(call(rule, custom_config={"tier": "test"}, key_name="Pilot").open(), Reject)
    assert isinstance(call(rule, custom_config={"tier": "live"}, key_name="Pilot").open(), Accept)


# The queue -----------------------------------------------------------------------------------------


def test_a_queue_rule_accepts_paused_and_resumes_when_it_matches(call: Call, lookup: Any) -> None:
    genesys = lookup((3.0, {"lookup": "found", "queue_id": QUEUE, "queue_name": "Sales"}))
    driver = call(SALES, found=genesys)
    assert driver.open() == Accept(start_paused=True)
    assert driver.paused
    assert driver.holds == ["policy"]
    driver.audio(seconds=2.0)
    assert driver.paused
    driver.advance(1.5)
    assert not driver.paused
    assert genesys.wanted == [True]
    assert dict(driver.tags) == {"team": "sales"}
    assert decisions(driver) == ["accept, tags team=sales by rule r1"]
    driver.audio(seconds=1.0)
    driver.close()
    assert driver.summary is not None
    assert driver.summary.audio == 8_000


def test_a_queue_that_is_not_wanted_is_disconnected_unheard(call: Call, lookup: Any) -> None:
    rule = 'action = "reject"\ninfo = "not this queue"\nwhen.not.queue = "Sales"'
    driver = call(rule, found=lookup((1.0, {"queue_name": "Care"})))
    driver.open()
    driver.audio(seconds=0.8)
    driver.advance(1.0)
    assert driver.disconnects == (Disconnected("completed", "not this queue"),)
    assert driver.ended
    assert driver.summary is not None
    assert driver.summary.audio == 0


def test_a_queue_that_is_known_at_once_needs_no_waiting(call: Call) -> None:
    driver = call(SALES, context={"queue_name": "Sales"})
    assert driver.open() == Accept(tags={"team": "sales"})


def test_no_queue_yet_is_waited_for_until_the_time_is_over(call: Call, lookup: Any) -> None:
    rule = SALES + 'queue_timeout = 4\nfallback = "accept"'
    driver = call(rule, found=lookup((1.0, {"lookup": "none"})))
    driver.open()
    driver.advance(3.9)
    assert driver.paused
    driver.advance(0.2)
    assert not driver.paused
    assert decisions(driver) == ["accept by rule r1, its fallback: the queue is not known"]


@pytest.mark.parametrize(
    ("steps", "is_told"),
    [((), True), (((1.0, {"lookup": "none"}),), False), (((1.0, {"queue_id": QUEUE}),), False)],
    ids=["nobody", "no queue", "no name"],
)
def test_it_is_told_when_nobody_looks_up_the_queue(
    call: Call, lookup: Any, monkeypatch: pytest.MonkeyPatch, steps: tuple[Any, ...], is_told: bool
) -> None:
    monkeypatch.setattr(unanswered, "ENOUGH", 1)
    driver = call(SALES + 'queue_timeout = 4\nfallback = "accept"', found=lookup(*steps))
    driver.open()
    driver.advance(3.9)
    assert not any("nobody looks up" in line for line in driver.logs)
    driver.advance(0.2)
    assert not driver.paused
    assert any("nobody looks up" in line for line in driver.logs) is is_told


def test_a_call_that_another_language_decides_did_not_wait_in_vain(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unanswered, "ENOUGH", 1)
    driver = call('action = "accept"\nwhen.language = "fr"', SALES, language="de-DE")
    driver.open()
    driver.update(language="fr-FR")
    assert not driver.paused
    assert not any("nobody looks up" in line for line in driver.logs)


def test_a_look_up_that_failed_is_not_waited_for(call: Call, lookup: Any) -> None:
    rule = SALES + 'fallback = { action = "reject", reason = "error" }'
    driver = call(rule, found=lookup((1.0, {"lookup": "failed"})))
    driver.open()
    driver.advance(1.1)
    assert driver.disconnects == (Disconnected("error"),)


@pytest.mark.parametrize(
    ("on_failure", "disconnects"),
    [("closed", (Disconnected("error", "no policy could decide"),)), ("open", ())],
)
def test_a_rule_without_fallback_fails_as_configured(
    call: Call, on_failure: str, disconnects: tuple[Disconnected, ...]
) -> None:
    driver = call(SALES, settings={"on_failure": on_failure})  # nobody looks anything up
    driver.open()
    driver.advance(9.9)
    assert driver.paused
    driver.advance(0.2)
    assert driver.disconnects == disconnects
    assert driver.ended is bool(disconnects)
    (said,) = decisions(driver)
    assert said.endswith("by rule r1, on_failure: the queue is not known, and it has no fallback")


def test_a_fallback_may_leave_it_to_the_next_rules(call: Call) -> None:
    later = 'action = "accept"\nwhen.queue = "Care"\nqueue_timeout = 3\nfallback = "accept"'
    driver = call(SALES + 'queue_timeout = 1\nfallback = "next"', later)
    driver.open()
    driver.advance(2.9)
    assert driver.paused
    driver.advance(0.2)
    assert decisions(driver) == ["accept by rule r2, its fallback: the queue is not known"]


def test_the_queue_decides_once(call: Call, lookup: Any) -> None:
    genesys = lookup((1.0, {"queue_name": "Sales"}), (1.0, {"queue_name": "Care"}))
    driver = call(SALES, found=genesys, top='default = "reject"')
    driver.open()
    driver.advance(3.0)
    assert not driver.ended
    assert len(decisions(driver)) == 1


def test_a_call_that_ends_while_it_waits_is_left_alone(call: Call, lookup: Any) -> None:
    driver = call(SALES, found=lookup((1.0, {"lookup": "none"})))
    driver.open()
    driver.advance(2.0)
    driver.lose()
    driver.advance(20.0)
    assert decisions(driver) == []
    assert driver.disconnects == ()


def test_another_language_decides_a_call_that_waits(call: Call) -> None:
    driver = call('action = "accept"\nwhen.language = "fr"', SALES, language="de-DE")
    driver.open()
    assert driver.paused
    driver.update(language="fr-FR")
    assert not driver.paused


# Kept paused ---------------------------------------------------------------------------------------


def test_accept_paused_keeps_a_call_unheard_until_another_rule_matches(call: Call, lookup: Any) -> None:
    genesys = lookup((1.0, {"queue_name": "Menu"}), (20.0, {"queue_name": "Sales"}))
    driver = call(SALES, found=genesys, top='default = { action = "accept-paused", tags = { seen = "no" } }')
    driver.open()
    driver.audio(seconds=15.0)
    assert driver.paused
    assert dict(driver.tags) == {"seen": "no"}
    driver.advance(6.5)
    assert not driver.paused
    assert decisions(driver) == [
        "accept-paused, tags seen=no by rule (default), no rule matches",
        "accept, tags team=sales by rule r1",
    ]


def test_accept_paused_at_once(call: Call, lookup: Any) -> None:
    driver = call('action = "reject"\nwhen.language = "fr"', top='default = "accept-paused"')
    assert driver.open() == Accept(start_paused=True)
    driver.update(language="it")
    assert driver.paused
    driver.update(language="fr")
    assert driver.ended
    assert driver.disconnects == (Disconnected("completed"),)


# Trying out, and failing ---------------------------------------------------------------------------


def test_a_dry_run_only_tells(call: Call) -> None:
    driver = call('action = "reject"', settings={"dry_run": True})
    assert driver.open() == Accept()
    assert decisions(driver) == ["reject (completed) by rule r1 (dry run: it does not count)"]


def test_a_dry_run_of_a_queue_rule_hears_all_the_while(call: Call, lookup: Any) -> None:
    driver = call(
        SALES,
        found=lookup((1.0, {"queue_name": "Care"})),
        settings={"dry_run": True},
        top='default = "reject"',
    )
    assert driver.open() == Accept()
    driver.audio(seconds=3.0)
    driver.close()
    assert decisions(driver) == [
        "reject (completed) by rule (default), no rule matches (dry run: it does not count)"
    ]
    assert driver.summary is not None
    assert driver.summary.audio == 3 * 8_000


@pytest.mark.parametrize(
    ("on_failure", "decision"),
    [("closed", Reject("error", "no policy could decide")), ("open", Accept())],
)
def test_a_file_that_is_wrong_from_the_start_fails_as_configured(
    audiohook_session: Call, tmp_path: Path, on_failure: str, decision: object
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('default = "acept"', encoding="utf-8")
    driver = audiohook_session(Policy, settings={"file": str(path), "on_failure": on_failure})
    assert driver.open() == decision
    assert driver.logs[0].startswith(f'policy: {path}:1: default: is "acept"')
    assert driver.logs[0].endswith("there are no rules")
    health = driver.plugin.check_health()  # type: ignore[attr-defined]
    assert (health is not None) is (on_failure == "closed")


@pytest.mark.parametrize(("on_failure", "is_taken"), [("closed", False), ("open", True)])
def test_rules_that_raise_fail_as_configured(
    call: Call, monkeypatch: pytest.MonkeyPatch, on_failure: str, is_taken: bool
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("quotes +49301")

    driver = call(settings={"on_failure": on_failure}, ani="tel:+49301")
    monkeypatch.setattr(RuleSet, "decide", broken)
    driver.open()
    assert driver.accepted is is_taken
    assert any("the rules failed: RuntimeError at broken" in line for line in driver.logs)
    assert not any("301" in line for line in driver.logs)


def test_rules_that_raise_while_a_call_waits_end_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    driver = call(SALES)
    driver.open()
    monkeypatch.setattr(RuleSet, "decide", broken)
    driver.advance(11.0)
    assert driver.disconnects == (Disconnected("error", "no policy could decide"),)


def test_nothing_about_a_person_is_logged(call: Call, lookup: Any) -> None:
    driver = call(
        'action = "reject"\nwhen = { ani = "+43*" }', SALES, found=lookup((1.0, {"queue_name": "Sales"})),
        ani="tel:+4930111111", dnis="tel:+4930222222", ani_name="Marker Name", language="de",
    )  # fmt: skip
    driver.open()
    driver.advance(2.0)
    driver.close()
    text = " ".join(driver.logs).lower()
    assert text
    assert not any(word in text for word in ("111111", "222222", "marker", "301"))


# Active calls --------------------------------------------------------------------------------------


def test_a_call_is_counted_until_its_end(call: Call) -> None:
    driver = call('action = "reject"\nwhen.active = { per = "key", at_least = 1 }')
    driver.open()
    calls = driver.plugin._calls  # type: ignore[attr-defined]
    assert driver.accepted
    assert len(calls) == 1
    driver.lose()
    assert len(calls) == 0
