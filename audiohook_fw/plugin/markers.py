"""The two pluggy markers of this project: `hookimpl` for plugins, `hookspec` for the core."""

from __future__ import annotations

from typing import Final

import pluggy

PROJECT: Final = "audiohook_fw"
"""pluggy's project name, and the entry-point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
