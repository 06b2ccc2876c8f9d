"""When a delivery is tried again."""

import random

MINUTE = 60.0
HOUR = 60 * MINUTE
# Seconds to wait after each try that failed: nine tries in all, over a little more than four hours.
DELAYS = (*(minutes * MINUTE for minutes in (1, 2, 4, 8, 16, 32)), 1 * HOUR, 2 * HOUR)
MAX_TRIES = len(DELAYS) + 1
JITTER = 0.1


def next_delay(tries: int, retry_after: float | None = None) -> float | None:
    """Seconds to wait after so many tries, the last of which failed; None where it was the last of all.

    A receiver that says `Retry-After` may put the try off as far as the next step of the schedule, and no further.
    """
    if tries >= MAX_TRIES:
        return None
    step = DELAYS[tries - 1]
    later = DELAYS[min(tries, len(DELAYS) - 1)]
    wished = min(retry_after or 0.0, later)
    if wished > step:
        return wished
    # Not a secret: it keeps those that failed together from coming back together.
    return step * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
