"""The one error a user's mistake raises."""

from __future__ import annotations


class LintkitError(Exception):
    """A run cannot be trusted: configuration, policy, arguments or the repository are wrong (exit 2).

    ``path`` and ``line`` (from 1) name the place where there is one; the message says what to do.
    """

    def __init__(self, message: str, path: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line = line

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: " if self.path and self.line else f"{self.path}: " if self.path else ""
        return place + str(self.args[0])
