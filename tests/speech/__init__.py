"""Speech to measure and test with: calls made from packages, a clip of them, and how results are judged.

`make speech` makes the set (`truth.read_set`); two clips are committed (`truth.CLIPS`, `truth.read_speech`).
Tests and scripts elsewhere put `tests` on `sys.path` and import `speech.truth`, `speech.scoring` (of voice
activity detection) and `speech.words` (word error rate).
"""
