"""What a host knows of a site that it runs, or has to start again."""

from dataclasses import dataclass
from typing import NamedTuple

from integrations.hosting import SiteProcess
from resolvers.hosting.desired import Desired

# The waits before a server that died is started again.
RETRY_SECONDS = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)


class Pace(NamedTuple):
    """Seconds. Between two looks at whether a site answers; servers may go on leading visitors for `settle` to what is
    no longer live; one that ran for `steady` was well; one that was asked within `busy` makes no room for others.
    """

    check: float = 10.0
    settle: float = 4.0
    steady: float = 60.0
    busy: float = 10.0


PACE = Pace()


@dataclass
class Served:
    """A server that runs, and when things are to be done with it. Times are of the monotonic clock."""

    wanted: Desired
    process: SiteProcess
    started: float
    checked: float
    gone_since: float | None = None
    # Bytes: what it took when that was looked at last, and what it had written when its files were.
    memory: int = 0
    written: int = 0


@dataclass
class Failing:
    """A site whose server died or did not start, and when it is tried again."""

    count: int
    retry_at: float

    @classmethod
    def after(cls, before: "Failing | None", now: float) -> "Failing":
        """One failure more, or the first."""
        count = 0 if before is None else before.count + 1
        return cls(count, now + RETRY_SECONDS[min(count, len(RETRY_SECONDS) - 1)])
