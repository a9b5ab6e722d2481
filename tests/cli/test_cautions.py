"""Warnings of `serve`: sections that nobody reads, and secrets that others may read."""

from __future__ import annotations

import pytest

from audiohook_fw.cli.cautions import cautions
from audiohook_fw.cli.environment import load_config, look_at_plugins

KEY = '[[auth.keys]]\napi_key = "key"\nsecrets = ["c2VjcmV0"]\n'
METER = """
from pydantic import BaseModel, SecretStr
from audiohook_fw import hookimpl

class Settings(BaseModel):
    token: SecretStr = SecretStr("")
    tokens: list[SecretStr] = []

@hookimpl
def on_opened(session): ...
"""


@pytest.fixture
def told(place):
    """Write `audiohook.toml` with this mode, and return what is warned of."""

    def tell(toml: str, *, mode: int = 0o600) -> list[str]:
        (place / "meter.py").write_text(METER, encoding="utf-8")
        (place / "audiohook.toml").write_text(toml, encoding="utf-8")
        (place / "audiohook.toml").chmod(mode)
        loaded = load_config(plugins=["meter.py"])
        found = cautions(loaded, look_at_plugins(loaded).manager)
        return [text for text in found if not text.startswith("plugins.required: redact ")]  # installed here

    return tell


def test_nothing(told):
    assert told(KEY + "[plugins.meter]\ntoken = 'x'\n[plugins.recorder]\ndirectory = 'x'\n") == []


def test_sections_that_nobody_reads(told):
    first, second = told(
        "[plugins]\nenabled = []\n[plugins.recorder]\ndirectory = 'x'\n[plugins.xyz]\na = 1\n"
    )
    problem, _, found = first.partition("; found are: ")
    assert problem == ("plugins.xyz (from audiohook.toml, [plugins.xyz] a): there is no plugin of this name")
    assert {"meter", "recorder"} <= set(found.split(", "))
    assert second.startswith("plugins.recorder: has no effect, since the plugin is not in plugins.enabled")


def test_a_plugin_that_was_switched_off_may_keep_its_section(told):
    assert told("[plugins]\ndisabled = ['recorder']\n[plugins.recorder]\ndirectory = 'x'\n") == []


SECRETS = {
    "a key": KEY,
    "a plugin's": "[plugins.meter]\ntoken = 'x'\n",
    "a list": "[plugins.meter]\ntokens = ['x']\n",
}


@pytest.mark.parametrize("toml", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_secrets_that_others_may_read(told, toml, mode):
    assert told(toml, mode=mode) == [
        "audiohook.toml holds secrets, and not only its owner may read it; chmod 600 audiohook.toml"
    ]


def test_others_may_read_what_is_not_secret(told, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__METER__TOKEN", "x")
    assert told("[server]\nport = 1\n", mode=0o644) == []


def test_a_dotenv_file_counts_too(told, place):
    (place / ".env").write_text("AUDIOHOOK_PLUGINS__METER__TOKEN=x\n", encoding="utf-8")
    (place / ".env").chmod(0o644)
    (line,) = told("")
    assert line.startswith(".env holds secrets")


FILTER = """
from audiohook_fw import Event, Session, hookimpl

@hookimpl
def filter_event(session: Session, event: Event) -> Event | None:
    return event
"""


@pytest.fixture
def with_filter(place, monkeypatch):
    """Put a filter into the directory of plugins, and return what is warned of."""

    def tell(section: str, code: str = FILTER, extra: str = "") -> list[str]:
        monkeypatch.setenv("AUDIOHOOK_PLUGINS__DISABLED", '["redact"]')
        (place / "more").mkdir(exist_ok=True)
        (place / "more" / "hider.py").write_text(code, encoding="utf-8")
        toml = f"[plugins]\ndirectory = 'more'\n{section}\n{extra}"
        (place / "audiohook.toml").write_text(toml, encoding="utf-8")
        loaded = load_config()
        return list(cautions(loaded, look_at_plugins(loaded).manager))

    return tell


def test_a_filter_without_which_the_server_goes_on(with_filter):
    (line,) = with_filter("enabled = ['hider']")
    assert line.startswith("plugins.required: hider filters what others get to see; put it here")
    assert with_filter("enabled = ['hider']\nrequired = ['hider']") == []


@pytest.mark.parametrize("code", ["raise RuntimeError", FILTER + "from audiohook_fw import nonsense"])
@pytest.mark.parametrize(
    ("section", "extra"),
    [("enabled = ['hider']", ""), ("order = ['hider']", ""), ("", "[plugins.hider]\na = 1\n")],
)
def test_a_plugin_that_is_named_and_does_not_load(with_filter, code, section, extra):
    (line,) = with_filter(section, code, extra)
    assert line.startswith("plugins.hider: the plugin ")
    assert line.endswith("the server goes on without it; put hider into plugins.required if it must not")


def test_a_plugin_that_nobody_names_may_fail(with_filter):
    assert with_filter("", "raise RuntimeError") == []
