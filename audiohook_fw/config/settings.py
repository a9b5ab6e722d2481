"""`Settings`: all sections of the configuration in one frozen model."""

from __future__ import annotations

from pydantic import Field

from .auth import AuthSettings
from .fields import Section
from .limits import LimitsSettings
from .plugins import PluginsSettings
from .server import ServerSettings
from .telemetry import TelemetrySettings

__all__ = ["Settings"]


class Settings(Section):
    """The whole configuration. Made by hand it holds the defaults; `load` reads it from its sources."""

    server: ServerSettings = Field(default_factory=ServerSettings, description=ServerSettings.__doc__)
    auth: AuthSettings = Field(default_factory=AuthSettings, description=AuthSettings.__doc__)
    limits: LimitsSettings = Field(default_factory=LimitsSettings, description=LimitsSettings.__doc__)
    telemetry: TelemetrySettings = Field(
        default_factory=TelemetrySettings, description=TelemetrySettings.__doc__
    )
    plugins: PluginsSettings = Field(default_factory=PluginsSettings, description=PluginsSettings.__doc__)
