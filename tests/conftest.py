"""Fixtures for all tests of the core."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import audiohook_fw.telemetry.scrape  # noqa: F401  # else the first server imports it in a loop that is watched

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file of the repository that git knows; of an unpacked archive, every file."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        return sorted(path for name in listed if name and (path := ROOT / name).is_file())
    hidden = (path for path in ROOT.rglob("*") if path.is_file())
    return sorted(p for p in hidden if not any(x[0] == "." for x in p.relative_to(ROOT).parts))


class Environment:
    """A virtual environment of its own, with all that this one has, and no network.

    Attributes:
        bin: its programs: python, pip, audiohook-fw, pytest, ruff, mypy.
    """

    def __init__(self, directory: Path) -> None:
        venv.create(directory, with_pip=False)
        self.bin = directory / "bin"
        (site,) = directory.glob("lib/python*/site-packages")
        ours = [path for path in sys.path if path.endswith("site-packages")]
        (site / "base.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours))
        (self.bin / "ruff").symlink_to(Path(sys.executable).parent / "ruff")
        for module in ("pip", "pytest", "mypy"):
            self._script(module, f"import runpy; runpy.run_module({module!r}, run_name='__main__')")
        self._script("audiohook-fw", "from audiohook_fw.cli.main import main; main()")

    def _script(self, name: str, code: str) -> None:
        path = self.bin / name
        path.write_text(f"#!{self.bin / 'python'}\n{code}\n", encoding="utf-8")
        path.chmod(0o755)

    def variables(self, home: Path) -> dict[str, str]:
        """Return the environment variables of its commands."""
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("AUDIOHOOK_", "XDG_"))}
        pip = {"INDEX": "1", "DEPS": "1", "BUILD_ISOLATION": "0", "CACHE_DIR": "1"}
        return {
            **keep,
            **{f"PIP_NO_{name}": value for name, value in pip.items()},
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(home),
            "COLUMNS": "80",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def sh(self, script: str, directory: Path, *, status: int = 0, **more: str) -> str:
        """Run shell commands to their end, up to the first that fails; return what they wrote.

        Raises:
            AssertionError: the exit status is another one.
        """
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=directory,
            env={**self.variables(directory), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == status, f"{script}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment to install things into."""
    return Environment(tmp_path_factory.mktemp("environment"))
