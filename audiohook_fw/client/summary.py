"""Many reports as a few lines, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .ledger import Ledger
from .report import CallReport, percentiles

__all__ = ["Summary"]

_SHOWN: Final = 10
"""Calls that did not go as scripted which are named one by one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a load. Its lines hold session ids, numbers and what the server said; nothing else."""

    reports: Sequence[CallReport]

    @property
    def as_scripted(self) -> bool:
        """Whether every call was accepted and ended as its script says."""
        return all(report.as_scripted for report in self.reports)

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as JSON types."""
        return {
            "calls": len(self.reports),
            "as_scripted": sum(report.as_scripted for report in self.reports),
            "outcomes": dict(self._outcomes()),
            "audio_seconds": sum(map(_audio_seconds, self.reports)),
            "audio_bytes": sum(report.ledger.audio_bytes for report in self.reports),
            "paused_seconds": sum(_paused(report.ledger) for report in self.reports),
            "discarded_seconds": sum(_discarded(report.ledger) for report in self.reports),
            "opened_after": percentiles(self._opened_after()),
            "rtt": percentiles(self._rtts()),
            "sent": dict(self._total("sent")),
            "received": dict(self._total("received")),
            "entities": dict(self._total("entities")),
            "limited": sum(report.limited for report in self.reports),
            "violations": sum(len(report.violations) for report in self.reports),
        }

    def lines(self) -> list[str]:
        """Return the summary for people."""
        totals = self.to_dict()
        rows = [
            ("session", self.reports[0].ids.session if len(self.reports) == 1 else ""),
            ("calls", _calls(totals)),
            ("outcome", _counts(totals["outcomes"], by_count=True)),
            ("media", ", ".join(sorted({_media(report) for report in self.reports}))),
            ("audio", f"{totals['audio_seconds']:.1f} s sent ({totals['audio_bytes']:,} bytes)"),
            ("gaps", _gaps(totals)),
            ("opened", _times(totals["opened_after"])),
            ("RTT", _times(totals["rtt"])),
            ("sent", _counts(totals["sent"])),
            ("received", _counts(totals["received"])),
            ("entities", _counts(totals["entities"])),
            ("429", f"{totals['limited']} messages over the rate limits" if totals["limited"] else ""),
        ]
        lines = [f"{name:<9} {text}" for name, text in rows if text]
        return lines + self._failures() + self._violations()

    def _failures(self) -> list[str]:
        failed = [report for report in self.reports if not report.as_scripted]
        lines = ["not as scripted"] if failed else []
        for report in failed[:_SHOWN]:
            tries = f" (attempt {report.attempts})" if report.attempts > 1 else ""
            lines.append(f"  {report.ids.session}  {report.outcome()}{tries}")
        if len(failed) > _SHOWN:
            lines.append(f"  and {len(failed) - _SHOWN} more")
        return lines

    def _violations(self) -> list[str]:
        broken = Counter(text for report in self.reports for text in report.violations)
        lines = ["rules that the server broke"] if broken else []
        lines += [f"  {count} x {text}" for text, count in broken.most_common(_SHOWN)]
        return lines

    def _outcomes(self) -> Counter[str]:
        return Counter(report.outcome() for report in self.reports)

    def _total(self, name: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for report in self.reports:
            total.update(getattr(report, name))
        return total

    def _opened_after(self) -> list[float]:
        return [report.opened_after for report in self.reports if report.opened_after is not None]

    def _rtts(self) -> list[float]:
        return [rtt for report in self.reports for rtt in report.rtts]


def _rate(ledger: Ledger) -> int:
    return ledger.media.rate if ledger.media else 8000


def _audio_seconds(report: CallReport) -> float:
    return report.ledger.samples / _rate(report.ledger)


def _paused(ledger: Ledger) -> float:
    return sum(pause.length or 0 for pause in ledger.pauses) / _rate(ledger)


def _discarded(ledger: Ledger) -> float:
    return sum(gap.length for gap in ledger.discards) / _rate(ledger)


def _calls(totals: Mapping[str, Any]) -> str:
    return f"{totals['calls']}, {totals['as_scripted']} of them as scripted"


def _media(report: CallReport) -> str:
    media = report.media
    return "none" if media is None else f"{media.format} {'+'.join(media.channels)}"


def _gaps(totals: Mapping[str, Any]) -> str:
    gaps = {"paused": totals["paused_seconds"], "discarded": totals["discarded_seconds"]}
    return ", ".join(f"{seconds:.1f} s {name}" for name, seconds in gaps.items() if seconds)


def _counts(counts: Mapping[str, int], *, by_count: bool = False) -> str:
    names = sorted(counts, key=lambda name: -counts[name]) if by_count else list(counts)
    return ", ".join(f"{name} {counts[name]}" if not by_count else f"{counts[name]} {name}" for name in names)


def _times(times: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {_time(value)}" for name, value in times.items() if name != "count")


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
