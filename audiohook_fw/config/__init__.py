"""The configuration: its sections as pydantic models, read from command line, environment and files."""

from __future__ import annotations

from .auth import AuthSettings, KeySettings
from .fields import PLUGIN_NAME
from .keys import new_key
from .limits import LimitsSettings
from .load import CONFIG_FILE, Loaded, load
from .plugins import PluginsSettings, check_plugin_name
from .problems import ConfigErrors
from .server import ServerSettings, default_admin_token_file
from .settings import Settings
from .telemetry import TelemetrySettings

__all__ = [
    "CONFIG_FILE",
    "PLUGIN_NAME",
    "AuthSettings",
    "ConfigErrors",
    "KeySettings",
    "LimitsSettings",
    "Loaded",
    "PluginsSettings",
    "ServerSettings",
    "Settings",
    "TelemetrySettings",
    "check_plugin_name",
    "default_admin_token_file",
    "load",
    "new_key",
]
