"""All benchmarks, one after the other: `make bench`. Ratios inside one run, with the machine and the versions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAMS = ("bench.engine", "bench.run", "bench.imports", "bench.policies")

if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    sys.exit(
        max(
            subprocess.run([sys.executable, "-m", name], cwd=root, check=False).returncode
            for name in PROGRAMS
        )
    )
