"""Looking at a picture in a child process, which may take so much memory and so long and no more."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGXCPU

from integrations.files.base import Kept, KeptFile, Unfit

# Seconds, all in all: more than the CPU time that the child allows itself, for a busy machine.
TIMEOUT = 120.0
_ROOT = Path(__file__).parents[2]
_TOO_LONG = "The picture takes longer to look at than one may."


class ChildFailed(Exception):
    """The child process ended in a way that says nothing of the picture: it was killed, or the machine is full."""


async def keep_picture(content: bytes, media_type: str) -> Kept:
    """What is kept of a picture or an SVG.

    Raises:
        Unfit: it is refused.
        ChildFailed: nobody knows.

    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "integrations.files.child",
        media_type,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            answer, _ = await child.communicate(content)
    except TimeoutError:
        raise Unfit(_TOO_LONG) from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode in {-SIGXCPU, -SIGKILL} and not answer:
        raise Unfit(_TOO_LONG) if child.returncode == -SIGXCPU else ChildFailed("it was killed")
    if child.returncode != 0:
        raise ChildFailed(f"it ended with {child.returncode}")
    return _kept(answer)


def _kept(answer: bytes) -> Kept:
    line, _, rest = answer.partition(b"\n")
    said = json.loads(line)
    if "error" in said:
        raise Unfit(said["error"])
    files, at = [], 0
    for media_type, width, height, size in said["files"]:
        files.append(KeptFile(rest[at : at + size], media_type, width, height))
        at += size
    return Kept(files[0], tuple(files[1:]))
