"""Settings from the environment: NAME, else the file named by NAME_FILE, else a line of a defaults file.

Every refusal names the setting, what was found (never a secret's value) and how to give a good one.
"""

from __future__ import annotations

import os
from pathlib import Path

Text = str  # the readers are named after the types, which hides those inside the class
Texts = list[str]
Whole = int
Truth = bool

YES = ("1", "true", "yes", "on")
NO = ("", "0", "false", "no", "off")


class MissingSetting(RuntimeError):
    """A setting has no value or an unusable one; the text says how to give it a good one."""


class Env:
    """Readers of settings, one a type. An empty text counts as a value for `str` only."""

    def __init__(self, *, defaults_file: Path | None = None) -> None:
        self._defaults = _read(defaults_file) if defaults_file and defaults_file.exists() else {}

    def _raw(self, name: Text) -> Text | None:
        if name in os.environ:
            return os.environ[name]
        if path := os.environ.get(f"{name}_FILE"):
            return _file(name, Path(path))
        return self._defaults.get(name)

    def str(self, name: Text, default: Text | None = None) -> Text:
        value = self._raw(name)
        if value is None:
            value = default
        if value is None:
            raise MissingSetting(f"{name} is not set. See .env.example; `make run` sets it for you.")
        return value

    def bool(self, name: Text, default: Truth = False) -> Truth:
        value = self._raw(name)
        if value is None:
            return default
        if value.strip().lower() in YES:
            return True
        if value.strip().lower() in NO:
            return False
        raise MissingSetting(f"{name} is {value!r}; write 1 or 0 (also true, yes, on; false, no, off).")

    def int(self, name: Text, default: Whole = 0) -> Whole:
        value = self._raw(name)
        if value in (None, ""):
            return default
        try:
            return Whole(Text(value))
        except ValueError as error:
            raise MissingSetting(f"{name} is {value!r}; write a whole number such as {default}.") from error

    def list(self, name: Text, default: Texts | None = None) -> Texts:
        """Texts between commas, without the spaces around them."""
        value = self._raw(name)
        if value is None:
            return Texts(default or [])
        return [item.strip() for item in value.split(",") if item.strip()]

    def refuse_unknown(self, *, prefix: Text, known: Texts) -> None:
        """A misspelt setting must not be silently without effect."""
        unknown = sorted(name for name in os.environ if name.startswith(prefix) and name not in known)
        if unknown:
            raise MissingSetting(f"Unknown settings {unknown}; known ones are {known}.")


def _file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingSetting(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error


def _read(path: Path) -> dict[str, str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}
