"""Thousands of calls with random behaviour, and drains under load, against a real server process.

`python -m chaos calls` and `python -m chaos drains`, in `tests`; `make chaos` and `make drains` call them.
"""
