"""Plugins written for older hooks still run, and are told what to change."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from audiohook_fw import AudiohookDeprecationWarning
from audiohook_fw.plugin import (
    ARGUMENTS,
    EVENT_HOOKS,
    HISTORY,
    CloseReason,
    Deprecation,
    Gap,
    HookHistory,
    PauseOrigin,
    Playback,
    PluginManager,
    SessionHandler,
    Update,
    hookimpl,
    load_plugins,
)
from audiohook_fw.plugin.families import HANDLER_HOOKS

PAST = HookHistory(
    hooks={
        "on_key": Deprecation("0.3", "0.5", use="on_dtmf"),
        "on_sound": Deprecation("0.3", "0.5", use="on_audio"),
        "on_playback": Deprecation("0.4", "1.0", advice="read session.playing instead"),
    },
    arguments={
        ("on_dtmf", "key"): Deprecation("0.3", "0.5", use="digit"),
        ("on_pause", "position"): Deprecation("0.4", "1.0", advice="use session.position"),
    },
    removed={"on_hum": "use on_audio"},
)


def load(bench: Any, options: Any, **plugins: object) -> PluginManager:
    manager = load_plugins(
        options(enabled=[], order=list(plugins)),
        bench.section,
        bench.limits,
        extra=plugins,
        metrics=bench.metrics,
        version="0.3.0",
        history=PAST,
    )
    bench.manager = manager
    return manager


def record(manager: PluginManager, name: str) -> Any:
    return next(record for record in manager.records if record.name == name)


class OldHandler(SessionHandler):
    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def on_key(self, position: int, key: str) -> None:
        self.seen.append(("key", position, key))

    def on_sound(self, frame: Any) -> None:
        self.seen.append(("sound", frame.position))


class HummingHandler(SessionHandler):
    def on_hum(self) -> None: ...


def old_functions(seen: list[Any]) -> type:
    class Plugin:
        @hookimpl
        def on_key(self, session: Any, key: str) -> None:
            seen.append((session.name, key))

        @hookimpl
        def on_sound(self, frame: Any) -> None:
            seen.append(frame.position)

        @hookimpl
        def on_playback(self, playback: Playback) -> None:
            seen.append(playback)

        @hookimpl
        def on_pause(self, position: int) -> None:
            seen.append(position)

    return Plugin


async def test_functions_under_old_names_run_and_are_told(
    bench: Any, options: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.warns(AudiohookDeprecationWarning) as caught:
        manager = load(bench, options, old=old_functions(bench.seen))
    dispatch = bench.call()
    dispatch.accept()
    dispatch.control("on_dtmf", "5", 80)
    dispatch.audio(bench.frame(160))
    dispatch.control("on_playback", Playback.STARTED, 160)
    dispatch.control("on_pause", PauseOrigin.CLIENT, 240)
    await bench.finish()
    assert bench.seen == [("old", "5"), 160, Playback.STARTED, 240]
    told = [
        "plugin old has on_key, which is named on_dtmf since 0.3 and gone in 0.5; rename it",
        "plugin old has on_playback, which is deprecated since 0.4 and gone in 1.0; "
        "read session.playing instead",
        "plugin old has on_sound, which is named on_audio since 0.3 and gone in 0.5; rename it",
        "plugin old takes 'key' in on_key, which is named digit since 0.3 and gone in 0.5; rename it",
        "plugin old takes 'position' in on_pause, which is deprecated since 0.4 and gone in 1.0; "
        "use session.position",
    ]
    assert sorted(str(warning.message) for warning in caught) == told
    assert sorted(r.getMessage() for r in caplog.records if r.levelno == logging.WARNING) == told
    assert record(manager, "old").hooks.keys() == {"on_dtmf", "on_audio", "on_playback", "on_pause"}


@pytest.mark.parametrize("annotated", [True, False])
async def test_handlers_with_old_names_run_and_are_told_once(
    bench: Any, options: Any, caplog: pytest.LogCaptureFixture, annotated: bool
) -> None:
    def create_handler(self: object) -> OldHandler:
        return OldHandler(bench.seen)

    if not annotated:
        create_handler.__annotations__.clear()
    plugin = type("Plugin", (), {"create_handler": hookimpl(create_handler)})

    async def play() -> None:
        load(bench, options, old=plugin)
        for _ in range(2):
            dispatch = bench.call()
            dispatch.accept()
            dispatch.audio(bench.frame(160))
            dispatch.control("on_dtmf", "7", 320)
            await bench.finish()

    with pytest.warns(AudiohookDeprecationWarning):
        await play()
    assert bench.seen == 2 * [("sound", 160), ("key", 320, "7")]
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert sorted(told) == [
        "plugin old has OldHandler.on_key, which is named on_dtmf since 0.3 and gone in 0.5; rename it",
        "plugin old has OldHandler.on_sound, which is named on_audio since 0.3 and gone in 0.5; rename it",
        "plugin old takes 'key' in OldHandler.on_key, which is named digit since 0.3 and gone in 0.5; "
        "rename it",
    ]


async def test_a_plugin_for_both_versions_is_called_once_and_not_told(
    bench: Any, options: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Both:
        @hookimpl(optionalhook=True)
        def on_dtmf(self, digit: str) -> None:
            bench.seen.append(("new", digit))

        @hookimpl(optionalhook=True)
        def on_key(self, key: str) -> None:
            bench.seen.append(("old", key))

    class BothHandler(SessionHandler):
        def on_dtmf(self, digit: str) -> None:
            bench.seen.append(("handler", digit))

        def on_key(self, key: str) -> None:
            bench.seen.append(("old handler", key))

    class Maker:
        @hookimpl
        def create_handler(self) -> BothHandler:
            return BothHandler()

    load(bench, options, both=Both, maker=Maker)
    dispatch = bench.call()
    dispatch.accept()
    dispatch.control("on_dtmf", "1", 0)
    await bench.finish()
    assert bench.seen == [("new", "1"), ("handler", "1")]
    assert [r for r in caplog.records if r.levelno == logging.WARNING] == []


def test_a_hook_that_is_gone_says_what_to_do(bench: Any, options: Any) -> None:
    class Maker:
        @hookimpl
        def create_handler(self) -> HummingHandler:
            return HummingHandler()

    class Plugin:
        @hookimpl
        def on_hum(self, session: Any) -> None: ...

    manager = load(bench, options, old=Plugin, maker=Maker)
    old, maker = record(manager, "old"), record(manager, "maker")
    assert (old.status, old.error) == ("incompatible", "there is no hook on_hum any more; use on_audio")
    assert (maker.status, maker.error) == (
        "incompatible",
        "HummingHandler.on_hum is no hook any more; use on_audio",
    )


def test_an_old_argument_is_known_in_its_own_hook_only(bench: Any, options: Any) -> None:
    class Plugin:
        @hookimpl
        def on_audio(self, key: str) -> None: ...

    assert "on_audio has no argument 'key'" in record(load(bench, options, bad=Plugin), "bad").error


def test_this_version_has_no_past() -> None:
    assert HookHistory() == HISTORY
    assert not any(PAST.current(name) == name for name in ("on_key", "on_sound"))
    assert PAST.current("on_playback") == "on_playback"


VALUES: dict[str, tuple[Any, ...]] = {
    "on_opened": (),
    "on_pause": (PauseOrigin.CLIENT, 8),
    "on_resume": (Gap(0, 8),),
    "on_discarded": (Gap(0, 8),),
    "on_update": (Update("de-DE"), 8),
    "on_dtmf": ("5", 8),
    "on_playback": (Playback.STARTED, 8),
    "on_close": (CloseReason.END,),
}


@pytest.mark.parametrize("hook", VALUES)
async def test_a_hook_that_took_fewer_arguments_once_still_runs(bench: Any, hook: str) -> None:
    """How a hook gains an argument: at the end, and whoever was written before does not name it."""
    assert hook in EVENT_HOOKS
    assert hook in HANDLER_HOOKS
    names, plugins = ARGUMENTS[hook], {}
    for count in range(len(names) + 1):
        source = (
            f"def {hook}({', '.join(('self', *names[:count]))}): seen.append([{', '.join(names[1:count])}])"
        )
        space: dict[str, Any] = {"seen": bench.seen}
        exec(source, space)
        plugins[f"with_{count}"] = type("Plugin", (), {hook: hookimpl(space[hook])})
    dispatch = bench.accepted(**plugins)
    if hook != "on_close":
        dispatch.control(hook, *VALUES[hook])
    await bench.finish()
    values = [*VALUES[hook]]
    assert bench.seen == [[], *(values[:count] for count in range(len(names)))]
