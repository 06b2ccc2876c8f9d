"""The one error of this package."""

from pathlib import Path

from dev.process import tail


class StartError(Exception):
    """Something could not be started. The message says what to do; it is all that the terminal shows."""

    @classmethod
    def with_log(cls, message: str, log: Path) -> "StartError":
        """The message with the last lines of `log` beneath."""
        return cls(f"{message}\nThe end of {log}:\n{tail(log) or '    (empty)'}")
