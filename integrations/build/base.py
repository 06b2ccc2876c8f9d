"""What the steps of a build share."""

from dataclasses import dataclass

MEGABYTE = 1_000_000


class BuildFailed(Exception):
    """The build came to nothing; the message is for the merchant, and says what would be right."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one build may take. Times are seconds, sizes bytes."""

    seconds: float = 600.0
    memory: int = 4_000 * MEGABYTE
    # Threads count as processes, as the kernel has it: a Next.js build has some 150.
    processes: int = 1_000
    disk: int = 3_000 * MEGABYTE
    file: int = 500 * MEGABYTE
    # Of all that is printed, and of what is kept of it.
    output: int = 20 * MEGABYTE
    lines: int = 5_000
    line: int = 2_000
