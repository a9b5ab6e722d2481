"""Plugins: hook specifications, loading, and the delivery of calls to them, isolated from each other."""

from __future__ import annotations

from .ask import SpanFactory
from .asked import asked_for, check_asked
from .decide import Failure, Verdict, default_media
from .decisions import Accept, Decision, Reject
from .dispatch import CallDispatch
from .emitting import MAX_HOPS
from .erasing import Erased
from .events import (
    OF_THE_CORE,
    BotTurnResponse,
    ContextChanged,
    Event,
    RecordingFinished,
    Sentiment,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    Word,
    event_class,
)
from .families import ARGUMENTS, EVENT_HOOKS, FAMILIES, HANDLER_HOOKS, Family
from .handler import SessionHandler
from .history import HISTORY, Deprecation, HookHistory
from .hookspecs import HOOK_API_VERSION
from .ids import ids_from
from .info import AudioWish, OnFailure, Overflow, PluginInfo
from .lane import Lane
from .languages import offered_languages, supports_language
from .loader import load_plugins
from .manager import PluginManager
from .markers import PROJECT, hookimpl, hookspec
from .options import PluginLimits, PluginOptions, SectionReader
from .process import Command, Commands, Route, RouteHandler, Routes, ServerContext
from .records import Delivery, PluginRecord, PluginStatus
from .running import NOBODY, Running, tells, who_runs
from .stash import Stash, StashKey
from .statistics import CallStatistics, LocalMetrics, Metrics
from .unheard import similar_events
from .values import ClientError, CloseReason, Gap, PauseOrigin, Playback, SessionSummary, Update

__all__ = [
    "ARGUMENTS",
    "EVENT_HOOKS",
    "FAMILIES",
    "HANDLER_HOOKS",
    "HISTORY",
    "HOOK_API_VERSION",
    "MAX_HOPS",
    "NOBODY",
    "OF_THE_CORE",
    "PROJECT",
    "Accept",
    "AudioWish",
    "BotTurnResponse",
    "CallDispatch",
    "CallStatistics",
    "ClientError",
    "CloseReason",
    "Command",
    "Commands",
    "ContextChanged",
    "Decision",
    "Delivery",
    "Deprecation",
    "Erased",
    "Event",
    "Failure",
    "Family",
    "Gap",
    "HookHistory",
    "Lane",
    "LocalMetrics",
    "Metrics",
    "OnFailure",
    "Overflow",
    "PauseOrigin",
    "Playback",
    "PluginInfo",
    "PluginLimits",
    "PluginManager",
    "PluginOptions",
    "PluginRecord",
    "PluginStatus",
    "RecordingFinished",
    "Reject",
    "Route",
    "RouteHandler",
    "Routes",
    "Running",
    "SectionReader",
    "Sentiment",
    "ServerContext",
    "SessionHandler",
    "SessionSummary",
    "SpanFactory",
    "SpeechEnded",
    "SpeechStarted",
    "Stash",
    "StashKey",
    "Transcript",
    "Update",
    "Verdict",
    "Word",
    "asked_for",
    "check_asked",
    "default_media",
    "event_class",
    "hookimpl",
    "hookspec",
    "ids_from",
    "load_plugins",
    "offered_languages",
    "similar_events",
    "supports_language",
    "tells",
    "who_runs",
]
