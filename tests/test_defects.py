"""Known defects of AudioHook servers, each with the tests that show it is not ours.

The table names pytest node ids. A node id counts only when the test is there: the file is parsed, and what
stands in brackets has to be a case that the file (or its `scripts` directory) holds.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

VERIFIER = "tests/auth/test_verifier_cases.py::test_table"
AUTHENTICATOR = "tests/auth/test_authenticator.py::"
CREDENTIALS = "tests/auth/test_credentials.py::"
CONVERSATION = "tests/protocol/test_conversations.py::test_conversation"
PROTOCOL = "tests/protocol/test_server.py::"
SENDING = "tests/protocol/test_server_sending.py::"
STATES = "tests/protocol/test_states.py::"
UPGRADE = "tests/server/test_upgrade.py::"
OPENING = "tests/server/calls/sockets/test_opening.py::"
CLOSING = "tests/server/calls/sockets/test_closing.py::"
WAITING = "tests/server/calls/sockets/test_waiting.py::"
CONNECTION = "tests/server/calls/sockets/test_connection.py::"
OUTBOX = "tests/server/calls/outbox/test_outbox.py::"
OUTBOX_END = "tests/server/calls/outbox/test_outbox_end.py::"
BAD_INPUT = "tests/server/calls/sockets/test_bad_input.py::"
TIMERS = "tests/server/calls/test_timers.py::"
WIRE = "tests/session/test_wire.py::"

DEFECTS: dict[str, list[str]] = {
    # Security
    "1 a signature of another length than 32 bytes ends the process": [
        f"{VERIFIER}[3 bytes]",
        f"{VERIFIER}[33 bytes]",
        f"{AUTHENTICATOR}test_table[signature of 3 bytes]",
        f"{AUTHENTICATOR}test_arbitrary_requests_raise_nothing_else",
        f"{UPGRADE}test_refusal_is_401_after_the_delay_and_tells_nothing",
    ],
    "2 the allowed clock skew works against the client": [
        f"{VERIFIER}[created -15 s]",
        f"{VERIFIER}[created -16 s]",
        f"{VERIFIER}[created +5 s]",
        f"{VERIFIER}[expires -5 s]",
        f"{VERIFIER}[expires -6 s]",
    ],
    "3 a recorded request opens a second connection": [
        f"{AUTHENTICATOR}test_replay_is_refused_however_it_is_dressed",
        f"{AUTHENTICATOR}test_no_moment_at_which_a_replay_passes",
        "tests/server/test_admission.py::test_request_passes_once",
    ],
    "4 strangers get a WebSocket, may keep it for ever, and are told what was wrong": [
        f"{UPGRADE}test_refusal_is_401_after_the_delay_and_tells_nothing",
        f"{UPGRADE}test_when_the_slots_are_full_nobody_answers_and_valid_upgrades_do_not_wait",
        "tests/server/test_listener.py::test_headers_that_drip_are_cut_though_bytes_keep_coming",
        f"{WAITING}test_who_never_opens_is_closed_in_order",
    ],
    "5 an endpoint without authentication, and keys in the log": [
        f"{UPGRADE}test_other_paths_are_unknown_at_once",
        f"{UPGRADE}test_reasons_are_logged_without_what_was_sent",
        f"{AUTHENTICATOR}test_nothing_secret_shows",
        f"{CREDENTIALS}test_neither_key_nor_secret_ever_shows",
    ],
    "6 the Host header is signed as it comes, and an empty secret verifies": [
        f"{VERIFIER}[Host upper-case]",
        f"{VERIFIER}[Host with :443]",
        "tests/auth/test_signature.py::test_normalize_authority",
        f"{UPGRADE}test_behind_a_proxy_that_changes_host_and_path",
        f"{CREDENTIALS}test_empty_decoded_secret_is_refused",
        f"{AUTHENTICATOR}test_table[signature with an empty key]",
        f"{AUTHENTICATOR}test_signed_request_fails_for_an_unsigned_key",
    ],
    "7 a new signature parameter is refused, a doubled header is not": [
        f"{VERIFIER}[tag added and signed]",
        f"{VERIFIER}[unknown parameters of every type]",
        f"{VERIFIER}[component doubled]",
        f"{VERIFIER}[component with a flag]",
        f"{AUTHENTICATOR}test_table[unknown audiohook header twice]",
    ],
    "8 organizations are told apart by upper and lower case": [
        f"{CONVERSATION}[organization-upper-case]",
        f"{CREDENTIALS}test_organizations",
    ],
    # Robustness
    "9 nothing has a timer: silent, half-open and failed sessions stay": [
        f"{STATES}test_tables_are_whole",
        f"{TIMERS}test_every_state_has_an_allowance",
        f"{TIMERS}test_each_state_lasts_as_long_as_the_settings_say",
        f"{TIMERS}test_a_running_call_expires_only_when_nothing_is_heard",
        f"{CONVERSATION}[timeout-while-opening]",
        f"{WAITING}test_who_never_opens_is_closed_in_order",
        f"{WAITING}test_who_is_silent_is_asked_to_close_and_then_closed",
        f"{WAITING}test_who_never_closes_is_cut_after_disconnect",
        f"{WAITING}test_who_does_not_hang_up_after_closed_is_closed",
        f"{WAITING}test_a_half_open_socket_is_given_up",
    ],
    "10 the position counts audio only, not pauses and discards": [
        f"{CONVERSATION}[position-all-kinds]",
        "tests/protocol/test_clock.py::test_positions_are_contiguous_and_bounded",
        "tests/protocol/test_twins.py::TestTwins",
    ],
    "11 an update is not answered, and its handlers fail unseen": [
        f"{CONVERSATION}[update-inside]",
        f"{CONVERSATION}[update-while-paused]",
        f"{SENDING}test_updated_answers_its_update_once",
        "tests/plugin/test_call.py::test_inline_faults_hurt_nobody_else",
    ],
    "12 a message type from the future ends the call": [
        f"{CONVERSATION}[unknown-type]",
        f"{CONVERSATION}[unknown-type-before-open]",
        f"{CONVERSATION}[unknown-fields]",
        f"{CONVERSATION}[connector]",
    ],
    "13 unusual languages, ids, names and offers end the call": [
        f"{CONVERSATION}[language-es-419]",
        f"{CONVERSATION}[language-null]",
        f"{CONVERSATION}[uuid-v7]",
        f"{CONVERSATION}[ani-name-missing]",
        f"{CONVERSATION}[ani-name-null]",
        f"{CONVERSATION}[offer-unknown-among-good]",
    ],
    "14 stray audio is fatal, and then closed is never sent": [
        f"{CONVERSATION}[audio-while-opening]",
        f"{CONVERSATION}[audio-while-paused]",
        f"{CONVERSATION}[late-messages-while-closing]",
        f"{CONVERSATION}[closed-is-the-end]",
        f"{PROTOCOL}test_stray_audio_is_dropped_counted_and_never_fatal",
    ],
    "15 a second paused is swallowed, so nobody learns of the client's own pause": [
        f"{CONVERSATION}[pause-of-the-client-on-top]",
        f"{CONVERSATION}[pause-on-top-of-the-client-s]",
        f"{CONVERSATION}[resume-answered-by-paused]",
        "tests/protocol/test_pausing.py::test_what_is_known",
    ],
    "16 whoever is slow at the end delays closed, and at the start the answer to close": [
        f"{CONVERSATION}[close-while-opening]",
        "tests/plugin/test_closing.py::test_deadline_names_the_late_who_run_on",
        f"{CLOSING}test_closed_does_not_wait_for_a_slow_plugin_but_its_work_goes_on",
        f"{CLOSING}test_close_while_plugins_decide_is_answered_at_once",
    ],
    "17 whoever is slow at the start delays opened": [
        "tests/plugin/test_decide.py::test_late_counts_as_failed",
        f"{OPENING}test_slow_plugins_delay_no_opened_and_get_all_audio",
    ],
    "18 lengths of L16 frames are wrong": [
        "tests/protocol/test_media.py::test_l16_stereo_takes_whole_samples_of_both_channels_only",
        "tests/protocol/test_media.py::test_widths",
        f"{CONVERSATION}[offer-l16]",
        "tests/audio/test_frame.py::test_place_and_length",
        "tests/audio/test_frame.py::test_l16_byte_order",
    ],
    "19 a server that goes down does not say reconnect": [
        "tests/server/test_drain.py::test_reconnects_are_spread_and_calls_run_out",
        "tests/server/test_drain.py::test_what_is_left_at_the_deadline_is_disconnected",
    ],
    "20 sizes are counted in characters, short durations written with an exponent": [
        "tests/protocol/test_envelope.py::test_the_limit_counts_bytes_not_characters",
        "tests/protocol/test_sequence.py::test_messages_are_limited_in_bytes",
        "tests/protocol/test_duration.py::test_write_plain_decimals",
        "tests/protocol/test_duration.py::test_what_is_written_is_read_back",
    ],
    "21 a pong comes before opened": [
        f"{CONVERSATION}[ping-before-open]",
        f"{CONVERSATION}[ping-while-opening]",
    ],
    "22 results are sent without limit": [
        "tests/protocol/test_buckets.py::test_waiting_as_told_is_always_enough_and_never_more_than_the_limit",
        f"{OUTBOX_END}test_no_sequence_of_wishes_breaks_a_limit_or_a_rule_of_the_client",
        f"{OUTBOX}test_results_leave_tokens_for_answers",
        f"{OUTBOX_END}test_a_flood_of_pings_fills_no_memory",
        "tests/server/calls/test_entities_queue.py::test_whatever_comes_the_queue_is_bounded_and_no_final_goes_before_an_interim",
    ],
}
"""Defects of the official sample server."""

DEMANDS: dict[str, list[str]] = {
    # What makes the official client end the call
    "a number of ours left out or used twice": [
        "tests/protocol/test_invariants.py::TestServer",
        "tests/protocol/test_twins.py::TestTwins",
        "tests/protocol/test_sequence.py::test_what_json_cannot_express_uses_up_no_number",
        f"{OUTBOX}test_answers_carry_the_number_they_answer",
        f"{OUTBOX_END}test_no_sequence_of_wishes_breaks_a_limit_or_a_rule_of_the_client",
    ],
    "a text that is too long": ["tests/protocol/test_sequence.py::test_messages_are_limited_in_bytes"],
    "an envelope with a field missing": [
        "tests/protocol/test_sequence.py::test_the_envelope_of_what_is_sent",
        "tests/protocol/test_server_messages.py::test_exactly_the_documented_fields_there_and_back",
    ],
    "a message type it does not know": [
        "tests/protocol/test_server_messages.py::test_every_type_is_in_the_table_and_in_the_test"
    ],
    "a disconnect reason it does not know": [f"{CONVERSATION}[rejected-is-not-sent]"],
    "opened with other media than offered": [
        f"{CONVERSATION}[offer-swapped]",
        f"{CONVERSATION}[offer-extra-fields]",
        f"{PROTOCOL}test_opened_with_what_was_not_offered_is_refused_and_nothing_changes",
        "tests/protocol/test_server_messages.py::test_what_a_client_would_refuse_cannot_be_made",
    ],
    "a second opened": [f"{STATES}test_opened_comes_once_and_never_after_disconnect"],
    "audio of the server where it has no place": [
        "tests/session/test_session_actions.py::test_nobody_else_plays"
    ],
    "closed without close": [f"{STATES}test_closed_answers_close_only"],
    "an event without entities": [f"{SENDING}test_an_event_without_entities_or_data_is_not_sent"],
    "no opened in five seconds": [
        f"{CONVERSATION}[timeout-while-opening]",
        f"{OPENING}test_slow_plugins_delay_no_opened_and_get_all_audio",
    ],
    "no pong before the next ping": [
        f"{CONVERSATION}[call-normal]",
        f"{CONNECTION}test_pongs_do_not_wait_for_plugins",
    ],
    # What it complains about
    "a pong without a ping, or for another one": [
        f"{CONVERSATION}[pong-order]",
        f"{SENDING}test_a_pong_answers_its_ping_once",
    ],
    # How it ends
    "the socket closed by the server in mid call": [
        f"{WAITING}test_the_client_closes_the_socket_first",
    ],
    "anything at all after closed": [
        f"{CONVERSATION}[closed-is-the-end]",
        f"{STATES}test_nothing_at_all_comes_after_closed",
    ],
    # What it does to a server
    "close right after opened, with one frame or none": [
        f"{CONVERSATION}[close-right-after-opened]",
        f"{CONVERSATION}[probe]",
    ],
    "something unasked between opened and the first pong": [
        f"{CONVERSATION}[nothing-unasked]",
        f"{OUTBOX}test_nothing_comes_unasked",
    ],
    "every paused twice": [
        f"{CONVERSATION}[pause-by-client-doubled]",
        f"{CONVERSATION}[pause-by-server-doubled]",
    ],
    "discards that start too early or far ahead, and remove no audio": [
        f"{CONVERSATION}[discard-fake]",
        f"{CONVERSATION}[discard-far-ahead]",
        f"{CONVERSATION}[discard-nonsense]",
    ],
    "a position that stands still in a pause": [f"{CONVERSATION}[position-frozen]"],
    "an error message in mid call": [f"{CONVERSATION}[error-goes-on]"],
    # What it checks of transcripts
    "more than one final event for an utterance, or interims nobody asked for": [
        f"{WIRE}test_each_product_gets_what_it_takes",
    ],
    "two words of one interpretation at the same offset": [f"{WIRE}test_no_two_words_ever_share_an_offset"],
    "null in place of a field left out": ["tests/protocol/test_entities.py::test_null_counts_as_absent"],
    "languages that were not asked for": [
        f"{PROTOCOL}test_languages_are_told_only_when_asked_for",
        f"{CONVERSATION}[probe-with-languages]",
    ],
    # What ends the process of the sample server
    "a message over 65,536 bytes": [
        f"{PROTOCOL}test_a_frame_may_be_as_long_as_a_message",
        f"{BAD_INPUT}test_messages_over_the_limit_close_the_socket_with_1009",
    ],
    "a text frame that is not UTF-8": [f"{BAD_INPUT}test_invalid_utf_8_closes_the_socket_with_1007"],
}
"""What the official client does to a server, and what it does not forgive."""

TABLE = [*DEFECTS.items(), *DEMANDS.items()]


@cache
def parsed(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of a test file's tests, and the strings in it."""
    path = ROOT / file
    if not path.is_file():
        return frozenset(), frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = (node.name for node in tree.body if isinstance(node, kinds))
    strings = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    scripts = (script.stem for script in (path.parent / "scripts").glob("*.json"))
    return frozenset(name for name in names if name.lower().startswith("test")), frozenset(
        (*strings, *scripts)
    )


def exists(node: str) -> bool:
    """Tell whether a test with this node id would be collected."""
    file, _, name = node.partition("::")
    function, bracket, case = name.partition("[")
    tests, cases = parsed(file)
    return function in tests and (not bracket or case.removesuffix("]") in cases)


@pytest.mark.parametrize(("defect", "nodes"), TABLE, ids=[defect for defect, _ in TABLE])
def test_the_tests_that_show_it_is_not_ours_are_there(defect: str, nodes: list[str]):
    assert nodes, f"nothing shows that we do not have: {defect}"
    missing = [node for node in nodes if not exists(node)]
    assert not missing, f"{defect}: no such test: {', '.join(missing)}"


def test_the_table_has_every_number_once():
    assert [int(defect.split()[0]) for defect in DEFECTS] == list(range(1, 23))


@pytest.mark.parametrize(
    "node",
    [
        "tests/test_defects.py::test_nowhere",
        "tests/test_nowhere.py::test_the_table_has_every_number_once",
        "tests/test_defects.py::exists",
        "tests/protocol/test_conversations.py::test_conversation[no such script]",
        "tests/test_defects.py",
    ],
)
def test_a_test_that_is_not_there_is_missed(node: str):
    assert not exists(node)


def test_a_test_that_is_there_is_found():
    assert exists("tests/test_defects.py::test_a_test_that_is_there_is_found")
    assert exists("tests/protocol/test_conversations.py::test_conversation[probe]")
