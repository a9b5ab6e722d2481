"""Who closes before whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.plugin import PluginInfo, PluginRecord
from audiohook_fw.plugin.loaded import LoadedPlugin
from audiohook_fw.plugin.ordering import upstreams


def plugin(name: str, consumes: str = "", emits: str = "") -> LoadedPlugin:
    info = PluginInfo(consumes=tuple(consumes), emits=tuple(emits))
    return LoadedPlugin(PluginRecord(name, info=info), object())


def everybody(*plugins: LoadedPlugin) -> frozenset[str]:
    return frozenset(p.name for p in plugins)


def test_a_chain() -> None:
    chain = [
        plugin("store", "c"),
        plugin("redact", "b", "c"),
        plugin("asr", "a", "b"),
        plugin("vad", "x", "a"),
    ]
    assert upstreams(chain, everybody(*chain)) == {
        "vad": set(),
        "asr": {"vad"},
        "redact": {"asr"},
        "store": {"redact"},
    }


def test_whoever_consumes_everything_waits_for_all_emitters() -> None:
    parts = [plugin("live"), plugin("vad", "x", "a"), plugin("meter", "x")]
    assert upstreams(parts, everybody(*parts))["live"] == {"vad"}


def test_whoever_does_not_listen_waits_for_nobody() -> None:
    parts = [plugin("recorder"), plugin("vad", emits="a")]
    assert upstreams(parts, frozenset())["recorder"] == set()


def test_what_a_filter_makes_of_events_is_waited_for_until_the_last_emitter_is_done() -> None:
    parts = [plugin("recorder", "s"), plugin("asr", "x", "t"), plugin("meter", "x")]
    assert upstreams(parts, everybody(*parts))["recorder"] == set()
    filter_ = plugin("redact", "x", "s")
    assert upstreams(parts, everybody(*parts), [filter_]) == {
        "recorder": {"asr"},
        "asr": set(),
        "meter": set(),
    }
    assert upstreams(parts, everybody(*parts), [plugin("other", "x", "y")])["recorder"] == set()


def test_a_filter_does_not_wait_for_what_only_itself_emits() -> None:
    parts = [plugin("redact", "s", "s"), plugin("asr", "x", "t")]
    assert upstreams(parts, everybody(*parts), [parts[0]])["redact"] == set()


def test_a_cycle_is_broken_by_configured_order() -> None:
    parts = [plugin("first", "b", "a"), plugin("second", "a", "b"), plugin("third", "ab")]
    assert upstreams(parts, everybody(*parts)) == {
        "first": set(),
        "second": {"first"},
        "third": {"first", "second"},
    }


def test_whoever_only_waits_for_a_cycle_does_not_break_it() -> None:
    parts = [plugin("live"), plugin("first", "b", "a"), plugin("second", "a", "b")]
    assert upstreams(parts, everybody(*parts)) == {
        "first": set(),
        "second": {"first"},
        "live": {"first", "second"},
    }


def test_consuming_everything_gives_way_to_what_is_named() -> None:
    parts = [plugin("asr", "a", "b"), plugin("vad", "", "a")]  # vad listens to whatever comes
    assert upstreams(parts, everybody(*parts)) == {"vad": set(), "asr": {"vad"}}


letters = st.text("abcd", max_size=3)


@given(st.lists(st.tuples(letters, letters), max_size=8))
def test_never_a_cycle_and_nobody_is_left_out(shapes: list[tuple[str, str]]) -> None:
    parts = [plugin(f"p{index}", consumes, emits) for index, (consumes, emits) in enumerate(shapes)]
    before = upstreams(parts, everybody(*parts))
    assert before.keys() == everybody(*parts)
    done: set[str] = set()
    while ready := [name for name, names in before.items() if name not in done and done >= names]:
        done.update(ready)
    assert done == before.keys()
