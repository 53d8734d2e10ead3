"""What the engine says when it cannot go on; every message names the place."""

from __future__ import annotations


class EngineError(ValueError):
    """Base of all refusals of the engine."""


class ExpressionError(EngineError):
    """An expression that cannot be read."""

    def __init__(self, message: str, text: str, position: int) -> None:
        self.position = position
        super().__init__(f"{message} at character {position + 1} of {text!r}")


class SchemeError(EngineError):
    """A scheme file that cannot be used; `problems` lists every finding as (key path, line or 0, message)."""

    def __init__(self, problems: list[tuple[str, int, str]]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(
                f"{path or '(top)'}{f' (line {line})' if line else ''}: {text}"
                for path, line, text in problems
            )
        )


class FactsError(EngineError):
    """Facts that do not fit the scheme."""
