"""What is told of decisions, as a metric and in the call's trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audiohook_fw_policy import Policy
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw.client import AudioSource, CallOptions, run_call
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.telemetry import Tracing

KEY = {"name": "main", "api_key": "key", "unsigned": True}


async def test_decisions_are_counted_and_traced_by_rule(rule_file: Callable[..., Path], lookup: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    path = rule_file('action = "reject"\nwhen.dnis = "+43*"', 'action = "accept"\nwhen.queue = "Sales"')
    core = Settings.model_validate(
        {
            "server": {"port": 0, "admin_port": 0, "balancer_grace": 0},
            "auth": {"keys": [KEY]},
            "plugins": {"enabled": []},
        }
    )
    loaded = Loaded.of(core, {"policy": {"file": str(path)}})
    genesys = lookup((0.1, {"queue_name": "Sales"}))
    plugins = load_plugins(
        core.plugins, loaded.plugin_section, core.limits, extra={"policy": Policy, "lookup": genesys}
    )
    async with AudiohookServer(loaded, plugins, tracing=Tracing(provider), admin_token="token") as server:
        for dnis in ("tel:+431", "tel:+4930123"):
            options = {"speed": 20, "duration": 20.0, "source": AudioSource.tone(), "dnis": dnis}
            await run_call(CallOptions(url=server.url, api_key="key", **options))  # type: ignore[arg-type]
        page = server.metrics.render()[0].decode()
    server.metrics.shutdown()
    for labels in (
        'action="reject",cause="match",dry_run="no",rule="r1"',
        'action="accept",cause="match",dry_run="no",rule="r2"',
    ):
        assert f"policy_decisions_total{{{labels}}} 1.0" in page
    assert 'policy_waits_total{rule="r2"} 1.0' in page
    assert 'policy_reloads_total{result="loaded"} 1.0' in page
    found = [
        (span.name, event.name, dict(event.attributes or {}).get("policy.rule"))
        for span in exporter.get_finished_spans()
        for event in span.events
        if event.name.startswith("policy.")
    ]
    assert found == [
        ("audiohook.decision", "policy.decision", "r1"),
        ("audiohook.decision", "policy.wait", "r2"),
        ("audiohook.session", "policy.decision", "r2"),
    ]
    assert "30123" not in page + "".join(span.to_json() for span in exporter.get_finished_spans())
