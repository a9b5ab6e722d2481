"""What a setting allows, in words, and which setting of a model a place points to."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from .fields import Words

__all__ = ["Place", "allowed", "model_at", "setting_at", "words_at"]

Place = tuple[str | int, ...]
"""A place in the configuration: keys and list indexes."""

_NAMES: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    SecretStr: "a text",
    UUID: "a UUID",
    Path: "a path",
}
_ENDS: Final[Mapping[str, str]] = {"ge": "at least", "gt": "greater than", "le": "at most", "lt": "less than"}
_LISTS: Final = (list, tuple, set, frozenset)
_UNIONS: Final = (Union, types.UnionType)


def allowed(field: FieldInfo) -> str:
    """Return what a field allows in words (`a whole number from 0 to 65535`), or nothing when unclear."""
    return _words(field.annotation, field.metadata)


def words_at(model: type[BaseModel], loc: Place) -> str:
    """Return what the place `loc` below `model` allows, or nothing when unclear."""
    *_, (_, annotation, metadata) = _walk(model, loc)
    return _words(annotation, metadata)


def setting_at(model: type[BaseModel], loc: Place) -> Place:
    """Return `loc` without the names of union members, which pydantic puts in between."""
    return tuple(step for step, _, _ in _walk(model, loc) if step is not None)


def model_at(model: type[BaseModel], loc: Place) -> type[BaseModel] | None:
    """Return the model whose keys stand at `loc`, or `None` when there is none."""
    *_, (_, annotation, _) = _walk(model, loc)
    return next(iter(_models(annotation)), None)


def _walk(model: type[BaseModel], loc: Place) -> list[tuple[str | int | None, Any, Iterable[Any]]]:
    """Follow a place: step, annotation and metadata of each setting on the way, the model itself first."""
    way: list[tuple[str | int | None, Any, Iterable[Any]]] = [(None, model, ())]
    for step in loc:
        annotation = way[-1][1]
        if isinstance(step, int):
            way.append((step, _element(annotation), ()))
            continue
        field = next((m.model_fields[step] for m in _models(annotation) if step in m.model_fields), None)
        if field is not None:
            way.append((step, field.annotation, field.metadata))
    return way


def _element(annotation: Any) -> Any:
    """Return the type of a list's elements, looking into unions and `Annotated`."""
    if get_origin(annotation) in _LISTS:
        return get_args(annotation)[0]
    inner = (_element(arg) for arg in get_args(annotation) if get_origin(annotation) is not Literal)
    return next((found for found in inner if found is not None), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that may stand here, looking into lists, unions and `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in get_args(annotation) for model in _models(arg)]


def _words(annotation: Any, metadata: Iterable[Any]) -> str:
    metadata = list(metadata)
    said = [part.text for part in metadata if isinstance(part, Words)]
    words = said[-1] if said else _name(annotation)
    return f"{words} {_bounds(metadata)}".strip() if words else ""


def _name(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(args[0], args[1:])
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in args)
    if origin in _LISTS:
        each = _words(args[0], ()) if args else ""
        return f"a list, each {each}" if each else "a list"
    if origin in _UNIONS:
        names = [_name(arg) for arg in args if arg is not type(None)]
        return " or ".join(names) if all(names) else ""
    models = _models(annotation)
    if models:
        return f"a table of {', '.join(models[0].model_fields)}"
    return _NAMES.get(annotation, "") if isinstance(annotation, type) else ""


def _bounds(metadata: Iterable[Any]) -> str:
    found: dict[str, Any] = {}
    for part in metadata:
        limits = part.metadata if isinstance(part, FieldInfo) else [part]
        for limit in limits:
            for end in _ENDS:
                if isinstance(limit, getattr(annotated_types, end.capitalize())):
                    found[end] = getattr(limit, end)
    plain = {end: f"{value:g}" if isinstance(value, float) else str(value) for end, value in found.items()}
    if plain.keys() == {"ge", "le"}:
        return f"from {plain['ge']} to {plain['le']}"
    return " and ".join(f"{_ENDS[end]} {value}" for end, value in plain.items())
