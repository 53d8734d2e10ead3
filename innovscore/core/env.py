"""Settings from the environment: NAME, else NAME_FILE, else a line of a defaults file."""

from __future__ import annotations

import os
from pathlib import Path


class MissingSetting(RuntimeError):
    """A setting has no value; the text says how to give it one."""


class Env:
    def __init__(self, *, defaults_file: Path | None = None) -> None:
        self._defaults = _read(defaults_file) if defaults_file and defaults_file.exists() else {}

    def _raw(self, name: str) -> str | None:
        if name in os.environ:
            return os.environ[name]
        if path := os.environ.get(f"{name}_FILE"):
            return Path(path).read_text(encoding="utf-8").strip()
        return self._defaults.get(name)

    def str(self, name: str, default: str | None = None) -> str:
        value = self._raw(name)
        if value is None:
            value = default
        if value is None:
            raise MissingSetting(f"{name} is not set. See .env.example; `make run` sets it for you.")
        return value

    def bool(self, name: str, default: bool = False) -> bool:
        value = self._raw(name)
        return default if value is None else value.lower() in ("1", "true", "yes", "on")

    def int(self, name: str, default: int = 0) -> int:
        value = self._raw(name)
        return default if value in (None, "") else int(value)

    def list(self, name: str, default: list[str] | None = None) -> list[str]:
        value = self._raw(name)
        return list(default or []) if value is None else [item.strip() for item in value.split(",") if item.strip()]

    def refuse_unknown(self, *, prefix: str, known: list[str]) -> None:
        unknown = sorted(name for name in os.environ if name.startswith(prefix) and name not in known)
        if unknown:
            raise MissingSetting(f"Unknown settings {unknown}; known ones are {known}.")


def _read(path: Path) -> dict[str, str]:
    lines = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in lines}
