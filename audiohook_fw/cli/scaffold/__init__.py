"""New plugins: kinds as data, templates, and what writes them."""

from __future__ import annotations

from .kinds import KINDS, Kind, KindName
from .names import Names
from .render import render, requirement
from .write import NotEmptyError, write

__all__ = ["KINDS", "Kind", "KindName", "Names", "NotEmptyError", "render", "requirement", "write"]
