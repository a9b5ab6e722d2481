"""Write all pages: `python -m make_reference`, in `docs`."""

from __future__ import annotations

from .pages import PAGES, REFERENCE

for name, make in PAGES.items():
    (REFERENCE / name).write_text(make(), encoding="utf-8")
