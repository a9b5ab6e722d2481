"""What is said of a rule file that is wrong: file, line, what it is, and what is allowed."""

# ruff: noqa: E501  # a table: a mistake on a line

from __future__ import annotations

import pytest
from audiohook_fw_policy.problems import RuleFileError
from audiohook_fw_policy.rule_file import load_rules, parse_rules

ID = "d7934305-0972-4844-938e-9060eef73d05"


def toml(when: str = "", *, rule: str = 'action = "reject"', top: str = "") -> str:
    """Return a file whose rule begins on line 3 and has its condition on line 6; `top` is line 2."""
    head = f'default = "accept"\n{top}\n[[rules]]\nname = "one"\n{rule}\n'
    return head + (f"when = {{ {when} }}\n" if when else "")


MISTAKES = {
    # the file
    "no TOML": ("a.toml", 'default = "accept"\nzone = ', 2, "not valid TOML: Invalid value", "at the end of the file"),
    "no end": ("a.toml", 'default = "accept"\n[[rules', 2, "not valid TOML", "Expected"),
    "twice": ("a.toml", 'default = "accept"\ndefault = "reject"\n', 2, "Cannot overwrite a value", "column"),
    "no YAML": ("a.yaml", "default: accept\nrules: [\n", 2, "not valid YAML", "did not find expected"),
    "key twice": ("a.yml", "default: accept\nzone: UTC\ndefault: x\n", 3, '"default" stands here twice', "line 1"),
    "tag": ("a.yaml", "default: !!python/name:os.system accept\n", 1, "python/name:os.system", "remove it"),
    "no text": ("a.yaml", "default: accept\n? [a]\n: b\n", 2, "a key must be a text", ""),
    "a list": ("a.yaml", "- accept\n", 1, "must be a table with default", "not a list"),
    "a name": ("a.json", "{}", 1, "neither TOML nor YAML by its name", "allowed: .toml, .yaml, .yml"),
    # its top
    "empty": ("a.toml", "", 1, "has no default", "allowed: accept, accept-paused, reject"),
    "unknown key": ("a.toml", 'default = "accept"\n[[rule]]\n', 2, 'unknown key "rule"', 'did you mean "rules"?'),
    "default": ("a.toml", 'default = "acept"', 1, 'default: is "acept"', 'did you mean "accept"?'),
    "default table": ("a.toml", "default = { }", 1, "has no action", "allowed: accept, accept-paused, reject"),
    "default flag": ("a.yaml", "default: true\n", 1, "default: must be a table with action", "not true"),
    "no rules": ("a.yaml", "default: accept\nrules: none\n", 2, "must be a list of tables", 'not "none"'),
    "rules table": ("a.toml", 'default = "accept"\n[rules]\n', 2, "must be a list of tables ([[rules]]", "a table"),
    "a rule": ("a.yaml", "default: accept\nrules: [night]\n", 2, "rule 1: must be a table", 'not "night"'),
    "zone": ("a.toml", toml(top='zone = "Berlin"'), 2, '"Berlin" is no time zone', 'such as "Europe/Berlin"'),
    "zone path": ("a.toml", toml(top='zone = "../x"'), 2, '"../x" is no time zone', "IANA names"),
    "country": ("a.toml", toml(top="numbers = { country_code = 49 }"), 2, "is 49", 'digits in quotes, such as "49"'),
    "plan": ("a.toml", toml(top='numbers = { country = "49" }'), 2, 'key "country"', 'did you mean "country_code"?'),
    "top timeout": ("a.toml", toml(top="queue_timeout = 0"), 2, "queue_timeout: is 0", "0.1 to 300 seconds"),
    "top fallback": ("a.toml", toml(top='fallback = "nxt"'), 2, 'is "nxt"', 'did you mean "next"?'),
    # a rule
    "unnamed": ("a.toml", 'default = "accept"\n[[rules]]\naction = "reject"', 2, "rule 1: has no name", "metrics need one"),
    "bad name": ("a.yaml", "default: accept\nrules:\n- name: a/b\n  action: reject\n", 3, '"a/b"', "1 to 64 letters"),
    "empty name": ("a.yaml", "default: accept\nrules:\n- name: ''\n  action: reject\n", 3, "is empty", "a name"),
    "name twice": ("a.toml", toml() + '[[rules]]\nname = "one"\naction = "accept"', 7, "has the name of the rule on line 4", "otherwise"),
    "no action": ("a.toml", toml(rule="tags = {}"), 3, 'rule "one": has no action', "allowed: accept, accept-paused, reject"),
    "action": ("a.toml", toml(rule='action = "drop"'), 5, 'rule "one": action: is "drop"', "allowed: accept"),
    "rule key": ("a.toml", toml(rule='action = "reject"\nif = 1'), 6, 'unknown key of a rule "if"', "allowed: action"),
    "reason": ("a.toml", toml(rule='action = "reject"\nreason = "busy"'), 6, 'reason: is "busy"', "completed, error"),
    "reason accept": ("a.toml", toml(rule='action = "accept"\nreason = "error"'), 6, "reason: is for action", "remove"),
    "info accept": ("a.toml", toml(rule='action = "accept"\ninfo = "x"'), 6, "info: is for action", "remove it"),
    "info long": ("a.toml", toml(rule=f'action = "reject"\ninfo = "{"x" * 201}"'), 6, "201 characters", "allowed: 200"),
    "tags reject": ("a.toml", toml(rule='action = "reject"\ntags = { a = "b" }'), 6, "are for accepted calls", "remove"),
    "tags list": ("a.toml", toml(rule='action = "accept"\ntags = ["a"]'), 6, "tags: is a list", "a table of texts"),
    "tag number": ("a.toml", toml(rule='action = "accept"\ntags.a = 1'), 6, "tags.a: is 1", "a text in quotes"),
    "tag name": ("a.toml", toml(rule='action = "accept"\ntags."a b" = "1"'), 6, 'the name "a b"', "1 to 64 letters"),
    "no queue": ("a.toml", toml(rule='action = "accept"\nfallback = "next"'), 6, "fallback: is for rules that ask", "remove it"),
    "timeout": ("a.toml", toml('queue = "A"', rule='action = "accept"\nqueue_timeout = "5s"'), 6, 'is "5s"', "0.1 to 300 seconds"),
    # conditions
    "condition": ("a.toml", toml('quue = "A"'), 6, 'unknown condition "quue"', 'did you mean "queue"?'),
    "empty when": ("a.toml", toml("") + "when = {}\n", 6, "when: is empty", "allowed: active, all, ani"),
    "when": ("a.toml", toml("") + 'when = "always"\n', 6, "when: must be a table with active, all", 'not "always"'),
    "all": ("a.toml", toml('all = { key = "a" }'), 6, "when.all: must be a list of tables", "not a table"),
    "any empty": ("a.toml", toml("any = []"), 6, "when.any: the list is empty", "at least one"),
    "not": ("a.toml", toml('not = "a"'), 6, "when.not: must be a table with", 'not "a"'),
    "id": ("a.toml", toml('organization = "acme"'), 6, '"acme" is no id', "a UUID such as"),
    "id number": ("a.toml", toml("conversation = 5"), 6, "must be ids (a text in quotes)", "not a number"),
    "key empty": ("a.toml", toml('key = ""'), 6, "when.key: is empty", "names of API keys"),
    "queue": ("a.toml", toml("queue = [true]"), 6, "must be ids or names of queues", "not true"),
    "number": ("a.toml", toml('ani = ["+49*", "30-CALL"]'), 6, "item 2 is no number", '"anonymous" for none'),
    "star inside": ("a.toml", toml('dnis = "+49*30"'), 6, "item 1 is no number", "* at the end"),
    "number bare": ("a.toml", toml("dnis = 4930"), 6, "must be numbers (a text in quotes)", "not a number"),
    "national": ("a.toml", toml('dnis = "0800 123"'), 6, "is a national number", "set numbers.country_code"),
    "language": ("a.toml", toml('language = "german!"'), 6, '"german!" is no language', 'such as "de"'),
    "custom": ("a.toml", toml('custom = "gold"'), 6, 'custom: is "gold"', "a table of values"),
    "custom empty": ("a.toml", toml("custom = {}"), 6, "custom: is empty", "a table of values"),
    "custom value": ("a.toml", toml("custom = { tier = { a = 1 } }"), 6, "custom.tier: is a table", "a text, a number"),
    "time": ("a.toml", toml('time = "night"'), 6, "must be a table with days, hours, zone", 'not "night"'),
    "time empty": ("a.toml", toml('time = { zone = "UTC" }'), 6, "neither days nor hours", 'days = "mon-fri"'),
    "no zone": ("a.toml", toml('time = { days = "mon" }'), 6, "names no time zone", 'zone = "Europe/Berlin"'),
    "days": ("a.toml", toml('time = { days = "mo-fr", zone = "UTC" }'), 6, '"mo-fr" is no day', "allowed: mon, tue"),
    "hours": ("a.toml", toml('time = { hours = "8-18", zone = "UTC" }'), 6, '"8-18" is no span of hours', '"08:00-18:00"'),
    "hour 25": ("a.toml", toml('time = { hours = "08:00-25:00", zone = "UTC" }'), 6, "is no time of day", "00:00 to 24:00"),
    "no hours": ("a.toml", toml('time = { hours = "08:00-08:00", zone = "UTC" }'), 6, "at one time", '"00:00-24:00"'),
    "sample": ("a.toml", toml("sample = 101"), 6, "sample: is 101", "0 to 100 percent of the conversations"),
    "sample text": ("a.toml", toml('sample = "some"'), 6, 'sample: is "some"', "0 to 100 percent"),
    "sample table": ("a.toml", toml('sample = { seed = "a" }'), 6, "has no percent", "sample = 10"),
    "active": ("a.toml", toml("active = 5"), 6, "must be a table with at_least, below, per", "not 5"),
    "per": ("a.toml", toml('active = { per = "queues", below = 1 }'), 6, 'per: is "queues"', 'did you mean "queue"?'),
    "no per": ("a.toml", toml("active = { below = 1 }"), 6, "per: is missing", "all, key, organization, queue"),
    "no bound": ("a.toml", toml('active = { per = "key" }'), 6, "has no bound", "below = 10"),
    "bound": ("a.toml", toml('active = { per = "key", below = 1.5 }'), 6, "below: is 1.5", "1 and more"),
    "never": ("a.toml", toml('active = { per = "all", below = 5, at_least = 10 }'), 6, "below 5 and at_least 10 never hold together", "below more than"),
    "one bound": ("a.toml", toml('active = { per = "all", below = 5, at_least = 5 }'), 6, "never hold together", "below more than"),
    "custom no name": ("a.toml", toml('custom = { "" = "a" }'), 6, 'custom: the name "" is empty', "such as shop.tier"),
    "custom no part": ("a.toml", toml('custom = { "shop..tier" = "a" }'), 6, 'the name "shop..tier" is empty, or has', "such as shop.tier"),
    "custom end": ("a.yaml", 'default: accept\nrules:\n- name: a\n  action: reject\n  when:\n    custom:\n      "tier. ": b\n', 7, 'the name "tier. "', "shop.tier"),
    # numbers and texts that are too long
    "digits": ("a.toml", toml(f"sample = {'9' * 5_000}"), 6, "a number that is too long", "64 bits"),
    "hex digits": ("a.toml", toml(f"custom = {{ a = 0x{'f' * 5_000} }}"), 6, "a number that is too long", "64 bits"),
    "YAML digits": ("a.yaml", f"default: accept\nqueue_timeout: {'9' * 5_000}\n", 2, '99…" (5000 characters)', "0.1 to 300 seconds"),
    "long key": ("a.toml", f'default = "accept"\n{"x" * 5_000} = 1\n', 2, 'unknown key "xxx', "(5000 characters); allowed"),
    "long zone": ("a.toml", toml(top=f'zone = "{"x" * 5_000}"'), 2, "(5000 characters) is no time zone", "IANA names"),
    "long id": ("a.toml", toml(f'organization = "{"x" * 5_000}"'), 6, "(5000 characters) is no id", "a UUID such as"),
    "long YAML key": ("a.yaml", f"default: accept\n? {'x' * 5_000}\n: 1\n? {'x' * 5_000}\n: 1\n", 4, "(5000 characters) stands here twice", "line 2"),
    # lines of other forms
    "yaml line": (
        "a.yaml",
        "default: accept\nrules:\n  - name: one\n    action: reject\n    when:\n      any:\n        - key: a\n        - sampel: 1\n",
        8,
        'when.any[2]: unknown condition "sampel"',
        'did you mean "sample"?',
    ),
    "toml line": (
        "a.toml",
        'default = "accept"\n[[rules]]\nname = "one"\naction = "reject"\n[[rules.when.any]]\nkey = "a"\n'
        "[[rules.when.any]]\ndnis = [\n  '+49*',  # a comment, with ] and \"\n  'x',\n]\n",
        10,
        "when.any[2].dnis: item 2 is no number",
        "allowed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "text", "line", "what", "allowed"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(
    file: str, text: str, line: int, what: str, allowed: str
) -> None:
    with pytest.raises(RuleFileError) as caught:
        parse_rules(text, file)
    (message,) = str(caught.value).splitlines()
    assert message.startswith(f"{file}:{line}: ")
    assert what in message
    assert allowed in message
    assert len(message) < 400


def test_there_are_many_mistakes() -> None:
    assert len(MISTAKES) >= 30


def test_all_mistakes_are_told_at_once_in_the_order_of_lines() -> None:
    text = toml('quue = "A", ani = "x"', rule='action = "drop"', top='zone = "Berlin"')
    with pytest.raises(RuleFileError) as caught:
        parse_rules(text, "rules.toml")
    assert [problem.line for problem in caught.value.problems] == [2, 5, 6, 6]


def test_numbers_are_not_quoted_since_messages_get_into_logs() -> None:
    with pytest.raises(RuleFileError) as caught:
        parse_rules(toml('ani = ["+49 30 1234x", 49301234]'), "rules.toml")
    assert "1234" not in str(caught.value)


def test_another_encoding_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "rules.toml"
    path.write_bytes('default = "accept"\n# Gebühren'.encode("latin-1"))
    with pytest.raises(RuleFileError, match=r"rules.toml:2: is not UTF-8; save it as UTF-8"):
        load_rules(path)


def test_a_rule_that_is_never_asked_is_warned_of() -> None:
    rules = parse_rules(toml() + '[[rules]]\nname = "two"\naction = "accept"\n', "rules.toml")
    assert rules.warnings == (
        '6: rule "two" and all after it are never asked: rule "one" on line 3 matches every call',
    )


def test_aliases_that_would_fill_memory_are_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdef", "bcdefg", strict=True)]
    with pytest.raises(RuleFileError, match="too many values") as caught:
        parse_rules("\n".join(lines), "rules.yaml")
    said = str(caught.value).splitlines()
    assert len(said) == len(set(said))  # each line of it once, however often it stands for something
