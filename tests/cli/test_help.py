"""Help as plain text, in sections."""

from __future__ import annotations

from typing import Annotated

import typer

from audiohook_fw.cli.help import CONTEXT, Command, examples


def _go(
    name: str,
    near: Annotated[int, typer.Option(help="A near [[option]].")] = 1,
    far: Annotated[int, typer.Option(rich_help_panel="Far away", help="A far one.")] = 2,
    secret: Annotated[int, typer.Option(hidden=True)] = 3,
) -> None:
    """Go somewhere."""


def test_options_stand_under_their_headings(capsys):
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(cls=Command, context_settings=CONTEXT, epilog=examples("go  now", "go  later"))(_go)
    typer.main.get_command(app).main(args=["--help"], prog_name="go", standalone_mode=False)
    text = capsys.readouterr().out
    places = [text.index(f"\n{title}:") for title in ("Arguments", "Options", "Far away")]
    assert places == sorted(places)
    assert places[1] < text.index("--near") < places[2] < text.index("--far")
    assert "A near [[option]]." in text
    assert "--secret" not in text
    assert text.endswith("  Examples:\n    go  now\n    go  later\n")
