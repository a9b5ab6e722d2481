"""The configuration: its sections as pydantic models, read from command line, environment and files."""

from __future__ import annotations

from .auth import AuthSettings, KeySettings
from .fields import PLUGIN_NAME
from .init import init_text
from .keys import new_key
from .limits import LimitsSettings
from .load import CONFIG_FILE, DEFAULT, Loaded, load
from .plugins import PluginsSettings, check_plugin_name
from .problems import ConfigErrors
from .schema import schema
from .server import ServerSettings, default_admin_token_file
from .settings import Settings
from .show import REDACTED, Shown, show, show_dict, show_toml
from .telemetry import TelemetrySettings

__all__ = [
    "CONFIG_FILE",
    "DEFAULT",
    "PLUGIN_NAME",
    "REDACTED",
    "AuthSettings",
    "ConfigErrors",
    "KeySettings",
    "LimitsSettings",
    "Loaded",
    "PluginsSettings",
    "ServerSettings",
    "Settings",
    "Shown",
    "TelemetrySettings",
    "check_plugin_name",
    "default_admin_token_file",
    "init_text",
    "load",
    "new_key",
    "schema",
    "show",
    "show_dict",
    "show_toml",
]
