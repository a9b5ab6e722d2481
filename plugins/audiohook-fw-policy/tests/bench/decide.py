"""How long rules take to decide about a call; run by hand.

`python plugins/audiohook-fw-policy/tests/bench/decide.py [RULES]`

No rule matches, so every rule that the index leaves is asked: the worst that can happen. Times are processor
time of one decision, facts included; the smallest of several rounds is what the machine does undisturbed.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from audiohook_fw_policy.active import ActiveCalls
from audiohook_fw_policy.asking import facts_of
from audiohook_fw_policy.outcome import Action, Outcome
from audiohook_fw_policy.rule_file import parse_rules
from audiohook_fw_policy.rules import RuleSet

FAILURE: Final = Outcome(Action.REJECT, "error")
ROUNDS: Final = 30
DECISIONS: Final = 20

PREFIX = "dnis = ['+49{0:04d}*', '+43{0:04d}*']"
NESTED: Final = (
    "all = [{{{{ any = [{{{{ {0} }}}}, {{{{ {1} }}}}] }}}}, {{{{ not = {{{{ {2} }}}} }}}}, {{{{ {3} }}}}]"
)
KINDS: Final = {
    "numbers, exact": "dnis = '+4930{0:07d}'",
    "organizations": "organization = '00000000-0000-4000-8000-{0:012d}'",
    "numbers, prefixes": PREFIX,
    "queue names (known)": "queue = 'queue {0}'",
    "queue names, patterns": "queue = 'q{0}*'",
    "languages and custom values": "language = 'x{1}', custom.'a.b' = 'v{0}'",
    "custom patterns": "custom.'a.b' = 'x{0}*'",
    "hours": "time = {{ days = 'mon-fri', hours = '00:00-00:01' }}",
    "samples of 0 %": "sample = 0",
    "active calls": "active = {{ per = 'key', at_least = {0} }}",
    "all, any and not of four": NESTED.format("key = 'k{0}*'", PREFIX, "language = 'de'", "sample = 50"),
    "the same, nothing to leave out": NESTED.format("sample = 0", PREFIX, "language = 'de'", "sample = 50"),
    "the same, asked to the end": NESTED.format("sample = 0", PREFIX, "language = 'fr'", "sample = 100"),
}


class Call:
    """As much of a session as rules ask for."""

    id = "c"
    organization_id = str(UUID(int=2**100))
    conversation_id = "e160e428-53e2-487c-977d-96989bf5c99d"
    key_name = "main"
    language = "de-DE"
    custom_config: Final = {"a": {"b": "v"}}
    context: Final = {"queue_name": "sales", "queue_id": str(UUID(int=7))}
    started_at = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)

    class participant:  # noqa: N801
        ani = "tel:+4930111111"
        dnis = "tel:+4989222222"


def rules_of(kinds: list[str], number: int) -> RuleSet:
    """Return so many rules, the kinds in turn."""
    texts = [
        f"[[rules]]\nname = 'r{i}'\naction = 'reject'\n"
        f"when = {{ {kinds[i % len(kinds)].format(i + 1, 'abc'[i % 3])} }}"
        for i in range(number)
    ]
    return parse_rules("default = 'accept'\nzone = 'Europe/Berlin'\n" + "\n".join(texts), "bench.toml")


def measure(rules: RuleSet) -> tuple[float, float]:
    """Return the least and the middle time of one decision in microseconds."""
    session: Any = cast("Any", Call())
    calls = ActiveCalls()
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(DECISIONS):
            said = rules.decide(facts_of(session, rules.numbers, calls), FAILURE)
        times.append((time.process_time() - began) / DECISIONS * 1e6)
        assert str(said.rule) == "(default)", f"rule {said.rule} has matched"
    return min(times), sorted(times)[len(times) // 2]


def main() -> None:
    """Measure every kind of rule, and all of them together."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    began = time.process_time()
    mixed = rules_of(list(KINDS.values()), number)
    print(f"{number} rules; read and compiled in {time.process_time() - began:.2f} s")
    print(f"| {'rules of':30} | {'least µs':>8} | {'median µs':>9} |\n|---|---:|---:|")
    for name, rules in [(name, rules_of([kind], number)) for name, kind in KINDS.items()] + [
        ("all in turn", mixed)
    ]:
        least, median = measure(rules)
        print(f"| {name:30} | {least:8.0f} | {median:9.0f} |")


if __name__ == "__main__":
    main()
