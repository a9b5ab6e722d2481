"""The form of the log is a setting."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("form", ["json", "text"])
def test_log_format(serve, no_grace, monkeypatch, form):
    monkeypatch.setenv("AUDIOHOOK_TELEMETRY__LOG_FORMAT", form)
    server = serve("--dev", "--port", "0")
    line = server.wait_for(r"^.*calls are taken.*$" if form == "text" else r"^\{.*calls are taken.*\}$")[0]
    if form == "json":
        assert "calls are taken" in json.loads(line)["message"]
    else:
        assert not line.startswith("{")
    assert server.end() == 0
