"""`audiohook-fw genesys …`: the addresses for firewalls, and the queue of a conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from .formats import Format, printed
from .ranges import RangesError, chosen_words, misfit, select
from .settings import GenesysSettings

__all__ = ["make_app"]


def make_app(settings: GenesysSettings) -> typer.Typer:
    """Make the commands, for these settings."""
    app = typer.Typer(help="Ask Genesys Cloud about its addresses, and about conversations.")

    @app.command()
    def ranges(
        file: Annotated[
            Path | None, typer.Option(help="Read this file, in the shape of Genesys' answer, and ask nobody.")
        ] = None,
        service: Annotated[
            list[str] | None, typer.Option(help="A service, such as audiohook; may be given again.")
        ] = None,
        region: Annotated[
            list[str] | None, typer.Option(help="An AWS region, such as eu-central-1; may be given again.")
        ] = None,
        format_: Annotated[Format, typer.Option("--format", help="What it is printed for.")] = Format.PLAIN,
        port: Annotated[int, typer.Option(min=1, max=65_535, help="The server's port.")] = 443,
    ) -> None:
        """Print the addresses that Genesys connects from, for a firewall.

        Services and regions are those of the settings, unless others are given; "all" stands for every one.
        """
        from .sources import listed

        try:
            found, note = asyncio.run(listed(settings, file))
        except RangesError as error:
            raise _failed(str(error)) from None
        if note:
            typer.echo(note, err=True)
        services = chosen_words(service or settings.ranges_services)
        regions = chosen_words(region or settings.ranges_regions)
        chosen = select(found, services, regions)
        if not chosen:
            raise _failed(misfit(found, services, regions) or "there is no address that Genesys sends from")
        typer.echo(printed(chosen, format_, port=port))

    @app.command()
    def queue(conversation: Annotated[str, typer.Argument(help="The conversation's id.")]) -> None:
        """Print queue, agent and holds of a conversation; it tests the credentials, too."""
        from .sources import looked_up

        if not settings.has_credentials:
            raise _failed(f"set {', '.join(settings.missing_credentials)} in [plugins.genesys]")
        lines = asyncio.run(looked_up(settings, conversation))
        if isinstance(lines, str):
            raise _failed(lines)
        for name, value in lines.items():
            typer.echo(f"{name}: {value}")

    return app


def _failed(problem: str) -> typer.Exit:
    typer.echo(f"error: {problem}", err=True)
    return typer.Exit(1)
