"""The clients of the benchmark, in a process of their own: `play.py URL CALLS SECONDS FRAME_MS`."""

from __future__ import annotations

import asyncio
import json
import sys

from audiohook_fw.client import CallOptions, Decision, run_load


async def main(url: str, calls: int, seconds: float, frame_ms: float) -> None:
    options = CallOptions(url=url, api_key="bench", duration=seconds, frame_ms=frame_ms)
    reports = await run_load(options, calls, rate=calls / 2)
    good = [r for r in reports if r.decision is Decision.ACCEPTED and r.problem is None]
    rtts = sorted(rtt for report in good for rtt in report.rtts)
    p99 = rtts[int(len(rtts) * 0.99)] if rtts else None
    print(json.dumps({"good": len(good), "rtt_p99": p99}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
