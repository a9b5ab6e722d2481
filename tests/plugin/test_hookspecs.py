"""The specifications are complete, and everything that repeats them agrees."""

from __future__ import annotations

import inspect
import re

import pytest

from audiohook_fw.plugin import (
    ARGUMENTS,
    EVENT_HOOKS,
    FAMILIES,
    HANDLER_HOOKS,
    Family,
    SessionHandler,
    hookspecs,
)
from audiohook_fw.plugin.families import SYNC_HOOKS

FIELDS = ["Called", "Family", "Delivery", "Deadline", "On error", "Since"]


def specified() -> list[str]:
    return [name for name, value in vars(hookspecs).items() if hasattr(value, "audiohook_fw_spec")]


def fields(hook: str) -> dict[str, str]:
    text = inspect.getdoc(getattr(hookspecs, hook)) or ""
    return dict(re.findall(rf"^({'|'.join(FIELDS)}): (.+)$", text, re.MULTILINE))


def test_every_hook_has_a_family_in_the_order_of_the_specifications() -> None:
    assert list(FAMILIES) == specified()


@pytest.mark.parametrize("hook", FAMILIES)
def test_docstring_has_a_summary_and_every_field_in_order(hook: str) -> None:
    text = inspect.getdoc(getattr(hookspecs, hook)) or ""
    assert re.fullmatch(r"[^\n]+[.]", text.splitlines()[0])
    assert list(fields(hook)) == FIELDS
    assert fields(hook)["Family"] == FAMILIES[hook]
    assert fields(hook)["Since"] == "0.1"


@pytest.mark.parametrize("hook", FAMILIES)
def test_delivery_says_which_must_be_plain(hook: str) -> None:
    assert ("plain function only" in fields(hook)["Delivery"]) is (hook in SYNC_HOOKS)


@pytest.mark.parametrize("hook", FAMILIES)
def test_every_argument_is_annotated_and_none_has_a_default(hook: str) -> None:
    for parameter in inspect.signature(getattr(hookspecs, hook)).parameters.values():
        assert parameter.annotation is not parameter.empty
        assert parameter.default is parameter.empty


def test_hooks_of_calls_begin_with_the_session() -> None:
    of_calls = [
        hook for hook, family in FAMILIES.items() if family not in (Family.PROCESS, Family.CONNECTION)
    ]
    assert all(ARGUMENTS[hook][0] == "session" for hook in of_calls)


def test_handler_has_all_event_hooks_but_on_decided() -> None:
    methods = [name for name in vars(SessionHandler) if not name.startswith("__")]
    assert methods == list(HANDLER_HOOKS)
    assert set(EVENT_HOOKS) - set(HANDLER_HOOKS) == {"on_decided"}


@pytest.mark.parametrize("hook", HANDLER_HOOKS)
def test_handler_method_takes_what_the_hook_takes_but_the_session(hook: str) -> None:
    def shape(function: object) -> dict[str, str]:
        parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
        return {name: parameter.annotation for name, parameter in list(parameters.items())[1:]}

    assert shape(getattr(SessionHandler, hook)) == shape(getattr(hookspecs, hook))


@pytest.mark.parametrize("hook", HANDLER_HOOKS)
def test_handler_does_nothing_until_overridden(hook: str) -> None:
    method = getattr(SessionHandler(), hook)
    assert method(*[None] * (len(ARGUMENTS[hook]) - 1)) is None


@pytest.mark.parametrize("hook", FAMILIES)
def test_pluggy_neither_stops_at_the_first_result_nor_replays(hook: str) -> None:
    options = getattr(hookspecs, hook).audiohook_fw_spec
    assert not options["firstresult"]  # it would take a coroutine for a result
    assert not options["historic"]


def test_version_of_the_hooks() -> None:
    assert hookspecs.HOOK_API_VERSION == 1
