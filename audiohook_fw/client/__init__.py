"""The simulated Genesys client: plays calls into a server as Genesys Cloud does.

`run_call` plays one call over a WebSocket, `run_load` many; `ClientCall` is the same without I/O.
"""

from .call import ClientCall
from .connection import Observer, probe, run_call
from .handshake import ConnectError, Environment, parse_url
from .ledger import Ledger, PauseSpan, Span
from .load import LoadProgress, run_load
from .options import MAX_BACKLOG, OFFERS, CallIds, CallOptions, Style, Timing
from .report import CallReport, Closing, Decision, percentiles
from .source import SOURCE_RATE, AudioSource
from .stream import Hangup, Output
from .summary import Summary
from .timeline import (
    AbortAt,
    Action,
    CongestAt,
    DiscardAt,
    DtmfAt,
    ErrorAt,
    PauseAt,
    ResumeAt,
    Timeline,
    TimelineError,
    UpdateAt,
)

__all__ = [
    "MAX_BACKLOG",
    "OFFERS",
    "SOURCE_RATE",
    "AbortAt",
    "Action",
    "AudioSource",
    "CallIds",
    "CallOptions",
    "CallReport",
    "ClientCall",
    "Closing",
    "CongestAt",
    "ConnectError",
    "Decision",
    "DiscardAt",
    "DtmfAt",
    "Environment",
    "ErrorAt",
    "Hangup",
    "Ledger",
    "LoadProgress",
    "Observer",
    "Output",
    "PauseAt",
    "PauseSpan",
    "ResumeAt",
    "Span",
    "Style",
    "Summary",
    "Timeline",
    "TimelineError",
    "Timing",
    "UpdateAt",
    "parse_url",
    "percentiles",
    "probe",
    "run_call",
    "run_load",
]
