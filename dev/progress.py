"""What the terminal shows while things start."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Show `doing` while the block runs, and the seconds that it took once it succeeded."""
    started = time.monotonic()
    print(f"{doing} …", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)  # what went wrong begins on its own line
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)
