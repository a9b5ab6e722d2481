"""Audio: frames, G.711, WAV files, resampling and test signals."""

from __future__ import annotations

from .bundled import CONVERSATION_MEDIA, Utterance, conversation, conversation_script
from .codec import ByteOrder, decode, encode
from .frame import AudioFrame
from .g711 import ULAW_SILENCE, Samples, ulaw_decode, ulaw_encode
from .resampling import resample
from .signals import deinterleave, interleave, noise, silence, tone
from .silencing import silenced
from .wav_format import WavError
from .wav_reader import WavAudio, WavReader, parse_wav, read_wav
from .wav_writer import WavWriter, wav_bytes

__all__ = [
    "CONVERSATION_MEDIA",
    "ULAW_SILENCE",
    "AudioFrame",
    "ByteOrder",
    "Samples",
    "Utterance",
    "WavAudio",
    "WavError",
    "WavReader",
    "WavWriter",
    "conversation",
    "conversation_script",
    "decode",
    "deinterleave",
    "encode",
    "interleave",
    "noise",
    "parse_wav",
    "read_wav",
    "resample",
    "silence",
    "silenced",
    "tone",
    "ulaw_decode",
    "ulaw_encode",
    "wav_bytes",
]
