"""The options of `simulate`, by the headings under which its help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

__all__ = [
    "Actions",
    "Ani",
    "ApiKey",
    "Backlog",
    "Calls",
    "Conversation",
    "CustomConfig",
    "Dnis",
    "Duration",
    "FrameMs",
    "Headers",
    "Language",
    "Organization",
    "Probe",
    "Rate",
    "Retries",
    "Secret",
    "Speed",
    "Tone",
    "Url",
    "Verbose",
    "WavFile",
]

_SERVER: Final = "Server"
_CALLER: Final = "Caller"
_AUDIO: Final = "Audio and what happens in the call"
_LOAD: Final = "How many"

Url: TypeAlias = Annotated[str, typer.Argument(metavar="URL", help="Address of the server: ws:// or wss://.")]

ApiKey: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="KEY",
        envvar="AUDIOHOOK_SIMULATE_API_KEY",
        show_default=False,
        rich_help_panel=_SERVER,
        help="API key, as the server knows it.",
    ),
]

Secret: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="BASE64",
        envvar="AUDIOHOOK_SIMULATE_SECRET",
        show_default=False,
        rich_help_panel=_SERVER,
        help="Client secret; without it requests are not signed.",
    ),
]

Organization: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="UUID",
        show_default=False,
        rich_help_panel=_SERVER,
        help="Organization id; a new one for each run.",
    ),
]

Retries: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        max=5,
        rich_help_panel=_SERVER,
        help="Try again to establish a call; Genesys: 5.",
    ),
]

Headers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        show_default=False,
        rich_help_panel=_SERVER,
        help="A further header of the upgrade, as a proxy adds it, like 'X-Forwarded-For: 192.0.2.1'. "
        "May be given several times.",
    ),
]

Conversation: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="UUID",
        show_default=False,
        rich_help_panel=_CALLER,
        help="Conversation id; a new one for each call.",
    ),
]

Ani: TypeAlias = Annotated[
    str,
    typer.Option(metavar="TEXT", rich_help_panel=_CALLER, help="Caller's number, like tel:+15555550123."),
]

Dnis: TypeAlias = Annotated[
    str, typer.Option(metavar="TEXT", rich_help_panel=_CALLER, help="Number that was called.")
]

Language: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="TAG", show_default=False, rich_help_panel=_CALLER, help="Language, like en-US."),
]

CustomConfig: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        show_default=False,
        rich_help_panel=_CALLER,
        help="Object for customConfig, as in the integration's advanced settings.",
    ),
]

WavFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        rich_help_panel=_AUDIO,
        help="Play this file: mono (the customer) or stereo (customer, agent), 16-bit PCM or µ-law, "
        "any rate. Without it: a bundled conversation.",
    ),
]

Tone: TypeAlias = Annotated[
    bool,
    typer.Option("--tone", rich_help_panel=_AUDIO, help="Play tones instead, another for each channel."),
]

Duration: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="S",
        min=0,
        show_default=False,
        rich_help_panel=_AUDIO,
        help="Length of the call in seconds; default: what is played, 10 for tones.",
    ),
]

FrameMs: TypeAlias = Annotated[
    float,
    typer.Option("--frame-ms", metavar="MS", min=1, rich_help_panel=_AUDIO, help="Audio in one message."),
]

Backlog: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=0,
        max=20,
        rich_help_panel=_AUDIO,
        help="Begin with a burst of so much audio, as after a slow start.",
    ),
]

Speed: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="X",
        max=1000,
        rich_help_panel=_AUDIO,
        help="Play so many times as fast. Pings and time limits stay as they are.",
    ),
]

Actions: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ACTION",
        show_default=False,
        rich_help_panel=_AUDIO,
        help="Do something at a second of call time: pause@5, resume@8, discard@10+2.5 (drop 2.5 s), "
        "congest@15+3 (send nothing for 3 s), update@12=de-DE, dtmf@13=5 (press a key), error@14=400, "
        "abort@20 (break off). "
        "May be given several times, or with commas.",
    ),
]

Probe: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--probe", rich_help_panel=_LOAD, help="Make the connection probe of Genesys instead of a call."
    ),
]

Calls: TypeAlias = Annotated[
    int, typer.Option(metavar="N", min=1, rich_help_panel=_LOAD, help="Number of calls.")
]

Rate: TypeAlias = Annotated[
    float, typer.Option(metavar="R", rich_help_panel=_LOAD, help="Calls begun in a second.")
]

Verbose: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print every message to standard error, with the personal data in it."
    ),
]
