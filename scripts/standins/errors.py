"""What can go wrong, with the exit code and what to do next."""

from __future__ import annotations


class StandInError(Exception):
    """A message, a hint and an exit code: 1 failed, 2 wrong usage, 3 the machine lacks something."""

    def __init__(self, message: str, hint: str, code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code
