"""Settings: where they come from, and what a refusal teaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from innovscore.core.env import Env, MissingSetting


def test_the_environment_wins_over_the_file_and_that_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    defaults, secret = tmp_path / "env", tmp_path / "secret"
    defaults.write_text("# words\nNAME=default=value\n", encoding="utf-8")
    secret.write_text("from file\n", encoding="utf-8")
    env = Env(defaults_file=defaults)
    assert env.str("NAME") == "default=value"
    monkeypatch.setenv("NAME_FILE", str(secret))
    assert env.str("NAME") == "from file"
    monkeypatch.setenv("NAME", "direct")
    assert env.str("NAME") == "direct"


def test_values_get_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BOOL", "On")
    monkeypatch.setenv("X_INT", "12")
    monkeypatch.setenv("X_LIST", "a, b,,c ")
    env = Env()
    assert (env.bool("X_BOOL"), env.int("X_INT"), env.list("X_LIST")) == (True, 12, ["a", "b", "c"])
    assert (env.bool("X_NONE"), env.int("X_NONE", 3), env.list("X_NONE", ["z"])) == (False, 3, ["z"])


def test_refusals_name_the_setting_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    env = Env()
    for name, value in {
        "B": "maybe",
        "I": "ten",
        "F_FILE": "/nowhere/x",
    }.items():
        monkeypatch.setenv(f"X_{name}", value)
    with pytest.raises(MissingSetting, match="X_MISSING is not set"):
        env.str("X_MISSING")
    with pytest.raises(MissingSetting, match="X_B is 'maybe'; write 1 or 0"):
        env.bool("X_B")
    with pytest.raises(MissingSetting, match="X_I is 'ten'; write a whole number"):
        env.int("X_I")
    with pytest.raises(MissingSetting, match="X_F_FILE names /nowhere/x"):
        env.str("X_F")


def test_misspelt_settings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZONEX_PROCES", "web")
    with pytest.raises(MissingSetting, match="ZONEX_PROCES"):
        Env().refuse_unknown(prefix="ZONEX_", known=["ZONEX_PROCESS"])
