"""Makes `.venv` with the pinned packages: `python3 innovscore/bootstrap.py local|dev|pins`.

Runs before anything is installed: standard library only, and imports nothing of the project.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SETS = {"local": "requirements-local.txt", "dev": "requirements-dev.txt"}
PINNED = ("requirements", "requirements-local", "requirements-dev")
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
DISK_NEEDED = 1_200_000_000


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _stop(text: str) -> None:
    sys.stderr.write(f"Missing: {text}\n")
    raise SystemExit(1)


def _make_venv() -> None:
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, *PIP, "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED:
        _stop(f"disk. {free // 10**6} MB free at {ROOT}, {DISK_NEEDED // 10**6} MB needed for the packages.")
    _say(f"Making the virtual environment {VENV} with Python {sys.version.split()[0]}")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        _stop(
            "the module venv with ensurepip does not work here. On Debian and Ubuntu: apt-get install python3-venv.\n"
            + (done.stdout + done.stderr).strip()
        )


def _digest(name: str) -> str:
    content = (ROOT / SETS[name]).read_bytes()
    return hashlib.sha256(content + str(PYTHON.resolve()).encode()).hexdigest()


def _stamps(name: str) -> list[Path]:
    """What proves that the packages of a set are installed: its own stamp, or that of the larger set."""
    return [VENV / f".installed-{set_name}" for set_name in ([name] if name == "dev" else [name, "dev"])]


def _is_installed(name: str) -> bool:
    stamps = [stamp for stamp in _stamps(name) if stamp.exists()]
    return any(stamp.read_text() == _digest(stamp.name.removeprefix(".installed-")) for stamp in stamps)


def install(name: str) -> None:
    """Install one set of pinned packages unless its stamp says it is there."""
    _make_venv()
    if _is_installed(name):
        return
    file = SETS[name]
    began = time.monotonic()
    _say(f"Installing the packages of {file} (each checked against its hash)")
    # --only-binary: a wheel missing for this machine is said at once instead of failing in a compiler later
    command = [
        str(PYTHON),
        *PIP,
        "install",
        "--quiet",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        str(ROOT / file),
    ]
    environment = {**os.environ, "PIP_NO_COLOR": "1"}
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    if done.returncode != 0:
        _explain(done.stderr)
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    (VENV / f".installed-{name}").write_text(_digest(name))
    _say(f"Packages installed ({time.monotonic() - began:.0f} s)")


def _explain(output: str) -> None:
    sys.stderr.write(output)
    if "No matching distribution" in output:
        _stop(
            f"a ready-made wheel of a package (named above) for Python {sys.version.split()[0]} on {sys.platform}. "
            "Python 3.11 on Linux (glibc, x86-64 or arm64) or macOS (arm64) has all of them: make run PYTHON=python3.11"
        )
    if "No space left" in output:
        _stop(f"disk. The packages need {DISK_NEEDED // 10**6} MB at {VENV}.")
    _stop(
        "the packages could not be installed; pip's words are above. Is a package index reachable (see `pip config list`)?"
    )


def pins() -> None:
    """Compile the pinned files; each larger set is held to the versions of the smaller."""
    _make_venv()
    if not (VENV / "bin" / "uv").exists():
        subprocess.run([PYTHON, *PIP, "install", "--quiet", "uv"], check=True)
    held: list[str] = []
    for name in PINNED:
        options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"]
        shape = ["--no-emit-index-url", "--no-annotate", "--custom-compile-command", "make pins"]
        command = [
            str(VENV / "bin" / "uv"),
            "pip",
            "compile",
            *options,
            *shape,
            *held,
            f"{name}.in",
            "-o",
            f"{name}.txt",
        ]
        subprocess.run(command, cwd=ROOT, check=True)
        held = ["-c", f"{name}.txt"]
        _say(f"{name}.txt")


def main() -> None:
    if sys.version_info < (3, 11):
        _stop(
            f"Python 3.11 or newer; this is {sys.version.split()[0]}. Name another one: make run PYTHON=/path/to/python3.11"
        )
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""
    if wanted == "pins":
        pins()
    elif wanted in SETS:
        install(wanted)
    else:
        _stop("one of: " + ", ".join([*SETS, "pins"]))


if __name__ == "__main__":
    main()
