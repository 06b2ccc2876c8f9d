"""Running one command of a build."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from integrations.build.base import BuildFailed, Limits
from integrations.build.confine import Confined

_ROOT = Path(__file__).parents[2]
_END_SECONDS = 60.0
# A line of the launcher's is one line of the command's, written as JSON.
_LINE = 256 * 1024


async def run_confined(confined: Confined, limits: Limits, heard: Callable[[str], None]) -> None:
    """Runs the command to its end; `heard` is called with each line that it prints. Cancelled, it ends all of it.

    Raises:
        BuildFailed: it failed, or was stopped at a limit. Nothing of it runs any more.

    """
    launcher = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "integrations.build.launcher",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
        start_new_session=True,
        limit=_LINE,
    )
    if launcher.stdin is None or launcher.stdout is None:
        raise RuntimeError("the launcher has pipes")
    try:
        given = {"confined": confined._asdict(), "limits": _as_dict(limits)}
        launcher.stdin.write(json.dumps(given).encode() + b"\n")
        await launcher.stdin.drain()
        end = await _listen(launcher.stdout, heard)
    finally:
        await _end(launcher)
    if end is None:
        raise BuildFailed("The process that watched over the build was killed.")
    if end["end"]:
        raise BuildFailed(f"The build was stopped. {end['end']}")
    if end["code"] != 0:
        raise BuildFailed(f"`{_shown(confined)}` {_how(end['code'])}. The log says why.")


async def _listen(stream: asyncio.StreamReader, heard: Callable[[str], None]) -> dict[str, object] | None:
    """The launcher's last words; None where it ended without."""
    while line := await stream.readline():
        said: dict[str, object] = json.loads(line)
        if "end" in said:
            return said
        heard(str(said["line"]))
    return None


async def _end(launcher: asyncio.subprocess.Process) -> None:
    """Lets the launcher end what it started, and itself."""
    if launcher.stdin:
        launcher.stdin.close()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await launcher.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            launcher.kill()
        await launcher.wait()


def _as_dict(limits: Limits) -> dict[str, float]:
    return {name: getattr(limits, name) for name in limits.__slots__}


def _shown(confined: Confined) -> str:
    program, *arguments = confined.command
    return " ".join([Path(program).name, *arguments])


def _how(code: object) -> str:
    if isinstance(code, int) and code < 0:
        return f"was ended by signal {-code}"
    return f"ended with exit code {code}"
