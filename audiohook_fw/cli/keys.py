"""`audiohook-fw keys new`: a key and a secret, as settings and as what to type into Genesys."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import typer

from .help import examples, show_help

__all__ = ["Product", "key_table", "register"]

_NAME: Final = 64
"""Characters that a key's name may have."""


class Product(StrEnum):
    """What the integration in Genesys is."""

    MONITOR = "monitor"
    TRANSCRIPTION = "transcription"
    CONNECTOR = "connector"


_INTEGRATION: Final = {
    Product.MONITOR: "AudioHook Monitor",
    Product.TRANSCRIPTION: "Transcription Connector",
    Product.CONNECTOR: "Audio Connector",
}


def register(app: typer.Typer) -> None:
    """Add `keys`."""
    keys = typer.Typer(invoke_without_command=True, help="Make the keys with which Genesys connects.")
    keys.callback()(show_help)
    keys.command(
        "new",
        epilog=examples(
            "audiohook-fw keys new",
            "audiohook-fw keys new --name emea --product connector",
            "audiohook-fw keys new --organization d7934305-0972-4844-938e-9060eef73d05",
            "audiohook-fw keys new >> audiohook.toml",
        ),
    )(_new)
    app.add_typer(keys, name="keys")


def key_table(api_key: str, secret: str, name: str, organizations: list[str], product: Product) -> str:
    """Return the TOML table of one key."""
    fields: dict[str, object] = {
        "name": name,
        "api_key": api_key,
        "secrets": [secret],
        "organizations": organizations or ["*"],
    }
    if product is not Product.MONITOR:
        fields["product"] = product.value
    # JSON texts and lists of texts are TOML as well.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "\n".join(["[[auth.keys]]", *lines])


def _check_name(name: str) -> str:
    if len(name) > _NAME or not name.isprintable():
        raise typer.BadParameter(f"must be at most {_NAME} printable characters")
    return name


def _check_organizations(values: list[str] | None) -> list[str]:
    for value in values or ():
        try:
            UUID(value)
        except ValueError:
            raise typer.BadParameter("must be a UUID: the organization's id, not its name") from None
    return list(values or ())


def _new(
    name: Annotated[
        str,
        typer.Option(metavar="TEXT", callback=_check_name, help="Its name in logs and metrics."),
    ] = "genesys",
    organization: Annotated[
        list[str] | None,
        typer.Option(
            metavar="UUID",
            callback=_check_organizations,
            show_default=False,
            help="Genesys organization that may use it; may be given several times. Without it: every one.",
        ),
    ] = None,
    product: Annotated[Product, typer.Option(help="What the integration is.")] = Product.MONITOR,
) -> None:
    """Print a new API key and client secret, ready for audiohook.toml.

    What is printed is secret: whoever has it can open calls. It is valid TOML as a whole.
    """
    from audiohook_fw.config import new_key

    api_key, secret = new_key()
    integration = _INTEGRATION[product]
    typer.echo(
        "\n".join(
            [
                key_table(api_key, secret, name, organization or [], product),
                "",
                "# Put this table into audiohook.toml and keep it secret: nobody else may read the file.",
                f"# In Genesys Cloud: Admin, Integrations, {integration}, Configuration:",
                "#   Properties:   Connection URI = wss://YOUR-HOST/audiohook/ws",
                "#   Credentials:  API Key        = the text of api_key",
                "#                 Client Secret  = the text in secrets",
            ]
        )
    )
