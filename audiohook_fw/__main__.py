"""`python -m audiohook_fw`: the same as the command `audiohook-fw`."""

from __future__ import annotations

from audiohook_fw.cli.main import main

if __name__ == "__main__":
    main()
