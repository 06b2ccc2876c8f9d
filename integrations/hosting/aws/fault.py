"""What AWS refuses, in words that a merchant may read."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from botocore.exceptions import BotoCoreError, ClientError

log = structlog.get_logger()


class AwsFailed(Exception):
    """AWS did not do it; the message says what, and names nothing of our account. Trying again may help."""


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Makes what boto3 raises in the block an AwsFailed.

    Raises:
        AwsFailed: with the code that AWS gave. Its message, which names accounts and roles, is logged alone.

    """
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        log.warning("AWS refused", what=what, code=code, error=str(error))
        raise AwsFailed(f"AWS refused to {what}: {code}.") from None
    except BotoCoreError as error:
        log.warning("AWS not reached", what=what, error=str(error))
        raise AwsFailed(f"AWS could not be asked to {what}.") from None


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
