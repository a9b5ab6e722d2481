"""The section `[plugins.cost]`."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

__all__ = ["CostSettings", "PauseSettings"]

_DATABASE: Final = "audiohook-cost.sqlite"
Money = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError, but not on every system
        raise ValueError(f"there is no time zone {name!r}; name one like Europe/Berlin, or UTC") from error
    except KeyError:
        raise ValueError(f"there is no time zone {name!r}; name one like Europe/Berlin, or UTC") from None
    return name


def _file(path: Path) -> Path:
    is_folder = False
    with suppress(OSError):  # who opens it says what is wrong
        is_folder = path.is_dir()
    if not path.name or path.name == ":memory:" or is_folder:
        raise ValueError(f"{str(path)!r} is no file; name one in a folder that exists, like {_DATABASE}")
    return path


def _stripped(budgets: dict[str, Decimal]) -> dict[str, Decimal]:
    names = [name.strip() for name in budgets]
    folded = [name.casefold() for name in names]
    for name in names:
        if not name or folded.count(name.casefold()) > 1:
            raise ValueError(f"{name!r} is empty or there twice; name each queue once, by id or name")
    return dict(zip(names, budgets.values(), strict=True))


class PauseSettings(BaseModel):
    """When the stream is paused; by default never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    without_interest: bool = Field(default=False, description="Pause while no plugin needs audio.")
    on_hold: bool = Field(
        default=False, description="Pause while the customer is on hold (`on_hold` in the call's context)."
    )
    after_minutes: float | None = Field(
        default=None, gt=0, le=1440, description="Minutes of a call that are streamed; the rest is paused."
    )
    silence: float | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Seconds of silence on all channels after which to pause. What is said during such a "
        "pause is lost.",
    )
    silence_recheck: float = Field(
        default=10.0, ge=1, le=3600, description="Seconds of a pause for silence before listening again."
    )
    silence_listen: float = Field(
        default=2.0, ge=0.2, le=60, description="Seconds to listen; if all of it is silent, it pauses again."
    )
    silence_level: float = Field(
        default=-40.0,
        ge=-80,
        le=-6,
        description="Peak level in dB of full scale up to which a frame counts as silent.",
    )
    min_run: float = Field(
        default=2.0,
        ge=1,
        le=60,
        description="Seconds that the stream runs at least before it is paused again. Resuming never waits.",
    )


class CostSettings(BaseModel):
    """What a minute costs, where the meter keeps its figures, and when streams are paused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_per_minute: Money = Field(default=Decimal(0), description="What a billed minute costs.")
    currency: str = Field(
        default="USD",
        pattern=r"^\S{1,8}$",
        description="The currency, as it is to be shown; nothing is converted.",
    )
    server_pause_billed: bool = Field(
        default=False, description="The time for which the server pauses is billed, too; see your contract."
    )
    database: Annotated[Path, AfterValidator(_file)] = Field(
        default=Path(_DATABASE),
        description="The SQLite file of the meter; made when there is none.",
    )
    save_seconds: float = Field(
        default=5.0,
        ge=1,
        le=300,
        description="Seconds between two savings of running calls, which a killed server loses at most, and "
        "between two looks at the budgets.",
    )
    keep_days: int = Field(
        default=400, ge=1, le=36_500, description="Days for which the figures of calls are kept."
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC", description="The time zone in which days begin."
    )
    budgets: Annotated[dict[str, Money], AfterValidator(_stripped)] = Field(
        default_factory=dict,
        description="Money per day, by queue (its id or name; `*` for all calls of this server together). "
        "When it is used up, the calls of that queue are paused until the next day.",
    )
    pause: PauseSettings = Field(default_factory=PauseSettings, description="When streams are paused.")

    @model_validator(mode="after")
    def _budgets_need_a_price(self) -> Self:
        if self.budgets and not self.price_per_minute:
            raise ValueError("budgets need price_per_minute: without a price nothing is ever used up")
        return self
