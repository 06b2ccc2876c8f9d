"""When domains are looked at."""

from datetime import timedelta

FIRST_LOOK = timedelta(minutes=1)
# A claim is looked at often in its first hour, and then by the hour; so is one whose proof is gone, or not known of.
_WAITS = [timedelta(minutes=each) for each in (1, 2, 5, 10, 20)]
HOURLY = timedelta(hours=1)
DAILY = timedelta(days=1)


def next_look(status: str, looks: int, *, is_certain: bool = True) -> timedelta:
    """How long a domain is left alone that was looked at so many times since it has that status."""
    if status == "VERIFIED":
        return DAILY if is_certain else HOURLY
    if status == "PENDING" and looks <= len(_WAITS):
        return _WAITS[max(looks - 1, 0)]
    return HOURLY
