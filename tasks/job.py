"""What a job is. A noun's file in this package has one, and `tasks.worker.JOBS` lists them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from integrations.messaging import Mailer
from resolvers.context import Platform


@dataclass(frozen=True, slots=True)
class Services:
    """What one worker process has open."""

    platform: Platform
    mailer: Mailer


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is to be done whenever there is something to do.

    `is_due` is asked every so many seconds in each worker; where it says yes a doorbell is rung, and some worker runs
    the job. `run` takes from PostgreSQL whatever is due by then, with a lease, so it may run any number of times at
    once and needs no argument. A doorbell that is lost costs one more round of asking.
    """

    name: str
    seconds: float
    is_due: Callable[[Services], Awaitable[bool]]
    run: Callable[[Services], Awaitable[object]]
