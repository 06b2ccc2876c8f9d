"""What is posted, and what comes of it."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple


class Posting(NamedTuple):
    """What is to be posted once. The id is the same at every try; of the secrets the newest comes first.

    The body is sent in one piece: keep it well below a megabyte. `is_trusted` lets it go to an address of our own, a
    site that is hosted by us. Never set it for a url that a merchant wrote, or they post to what our network hides.
    """

    url: str
    message_id: str
    body: bytes
    secrets: Sequence[str]
    is_trusted: bool = False


class Outcome(NamedTuple):
    """What came of one try. `error` is a sentence for the merchant.

    The status decides: a receiver that said 200 has the event, also where the rest of its answer never came and
    `error` says so. `response_body` is the beginning of what it answered, as it came over the wire. `retry_after` are
    the seconds that it asked to be left alone, at most a day.
    """

    status_code: int | None
    error: str | None
    response_body: bytes
    duration_ms: int
    started_at: datetime
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status_code is not None and HTTPStatus.OK <= self.status_code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_healthy(self) -> bool:
        """Whether it was delivered and answered whole. Who says 200 and then hangs has the event, and is slow."""
        return self.is_delivered and self.error is None

    @property
    def is_gone(self) -> bool:
        return self.status_code == HTTPStatus.GONE
