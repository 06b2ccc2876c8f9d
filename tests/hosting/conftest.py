"""What the tests of hosting share."""

from tests.deployment.conftest import workshop
from tests.people import no_other_worker

__all__ = ["no_other_worker", "workshop"]
