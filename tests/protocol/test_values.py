from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from audiohook_fw.protocol import NULL_UUID, DisconnectReason, is_null_uuid, is_uuid
from audiohook_fw.protocol.values import Counted, Duration, Model, Tolerant, Uuid


class Sample(Model):
    some_id: Uuid = NULL_UUID
    some_count: Counted = 0
    some_length: Duration = timedelta(0)
    tolerant: Annotated[bool | None, Tolerant] = None
    hidden: str = Field(default="", repr=False)


@given(st.uuids())
def test_any_version_of_uuid_in_either_case(uuid: object):
    assert is_uuid(str(uuid))
    assert is_uuid(str(uuid).upper())
    assert Sample(some_id=str(uuid).upper()).some_id == str(uuid).upper()


@pytest.mark.parametrize(
    "uuid", ["0190163d-8694-739b-aea5-966c26f8ad91", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
)
def test_uuids_of_newer_versions(uuid: str):
    assert is_uuid(uuid)
    assert not is_null_uuid(uuid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        NULL_UUID + "\n",
        NULL_UUID[:-1],
        NULL_UUID.replace("-", ""),
        "{" + NULL_UUID + "}",
        NULL_UUID.replace("0", "g"),
        NULL_UUID.replace("0", "٠"),
    ],
)
def test_no_uuids(text: str):
    assert not is_uuid(text)
    with pytest.raises(ValidationError, match="not a UUID"):
        Sample(some_id=text)


def test_the_null_uuid():
    assert is_uuid(NULL_UUID)
    assert is_null_uuid(NULL_UUID)


@pytest.mark.parametrize(("value", "count"), [(0, 0), (7, 7), (1.0, 1), (2**53 - 1, 2**53 - 1)])
def test_counts(value: float, count: int):
    read = Sample(some_count=value).some_count  # type: ignore[arg-type]
    assert read == count
    assert type(read) is int


@pytest.mark.parametrize(
    "value", [-1, 0.5, 2**53, 1e300, float("inf"), float("nan"), True, "1", None, [], 10**400]
)
def test_no_counts(value: object):
    with pytest.raises(ValidationError, match="whole number"):
        Sample(some_count=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["PT1.5S", timedelta(seconds=1.5)])
def test_durations_from_text_or_timedelta(value: object):
    sample = Sample(some_length=value)  # type: ignore[arg-type]
    assert sample.some_length == timedelta(seconds=1.5)
    assert sample.to_wire()["someLength"] == "PT1.5S"


@pytest.mark.parametrize("value", [1.5, None, True, [], "1.5", "PT-1S"])
def test_no_durations(value: object):
    with pytest.raises(ValidationError, match="not a duration"):
        Sample(some_length=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (None, None), ("perhaps", None), ([], None), (7, None)]
)
def test_tolerant_fields_take_what_they_do_not_know_for_absent(value: object, read: bool | None):
    assert Sample.model_validate({"tolerant": value}).tolerant is read


def test_names_are_camel_case_on_the_wire_and_unknown_ones_ignored():
    sample = Sample.model_validate({"someCount": 3, "new": 1})
    assert sample == Sample(some_count=3)
    assert sample.to_wire() == {
        "someId": NULL_UUID,
        "someCount": 3,
        "someLength": "PT0S",
        "hidden": "",
    }


def test_objects_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Sample().some_count = 1  # type: ignore[misc]


def test_errors_do_not_quote_what_was_given():
    with pytest.raises(ValidationError) as caught:
        Sample(hidden=4930111, some_id="Ada Lovelace")  # type: ignore[arg-type]
    assert "4930111" not in str(caught.value)
    assert "Ada" not in str(caught.value)


def test_reasons_as_documented():
    assert [reason.value for reason in DisconnectReason] == ["completed", "unauthorized", "error", "rejected"]
