"""What the tests here share."""

from tests.people import no_other_worker

__all__ = ["no_other_worker"]
