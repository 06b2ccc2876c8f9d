"""`make check`: what must hold besides the tests. Every check runs; the exit code is 1 if any failed."""

import difflib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dev.errors import StartError
from dev.services import end_on_signals, run_with, services

SDL = Path("schema.graphql")
THEME = Path("themes/starter")


def main() -> int:
    """The command line."""
    end_on_signals()
    python = [sys.executable, "-m"]
    checks: dict[str, Callable[[], str]] = {
        "format": lambda: _command([*python, "ruff", "format", "--check"], "make format"),
        "lint": lambda: _command([*python, "ruff", "check"], "make format mends some of it"),
        "types": lambda: _command([*python, "mypy"]),
        "layers": lambda: _command([str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]),
        "schema.graphql": _sdl,
        "migrations": _migrations,
        "starter theme": _theme,
    }
    failed = [name for name, check in checks.items() if not _holds(name, check)]
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.", flush=True)
    return 1 if failed else 0


def _holds(name: str, check: Callable[[], str]) -> bool:
    started = time.monotonic()
    fault = check()
    seconds = time.monotonic() - started
    print(f"{'FAILED' if fault else 'ok    '} {name} ({seconds:.1f} s)", flush=True)
    if fault:
        print(fault, flush=True)
    return not fault


def _command(command: list[str], remedy: str = "") -> str:
    """What `command` said when it failed, and the remedy; empty when it succeeded."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 0:
        return ""
    return "\n".join(filter(None, (done.stdout.rstrip(), remedy and f"To mend it: {remedy}")))


def _sdl() -> str:
    """Whether the committed schema is the one of the code."""
    done = subprocess.run([sys.executable, "-m", "schema"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.rstrip()
    committed = SDL.read_text() if SDL.exists() else ""
    difference = difflib.unified_diff(
        committed.splitlines(), done.stdout.splitlines(), "schema.graphql", "the code", lineterm=""
    )
    shown = "\n".join(list(difference)[:60])
    return f"{shown}\nTo mend it: make schema, and look at the difference" if shown else ""


def _migrations() -> str:
    """Whether the migrations run and lead to what the models say."""
    try:
        with services() as environment:
            if run_with(environment, [sys.executable, "-m", "alembic", "check"]) == 0:
                return ""
    except StartError as error:
        return str(error)
    return 'To mend it: make migration NAME="…"'


def _theme() -> str:
    """What the starter theme says of itself: types, lint, its own tests. Only continuous integration insists on npm."""
    npm = shutil.which("npm")
    if npm is None or not (THEME / "node_modules").exists():
        print("       not looked at: its packages are not installed (make theme)", flush=True)
        return "Install npm, then: make theme" if os.environ.get("CI") else ""
    checked = _command([npm, "run", "--silent", "--prefix", str(THEME), "check"])
    return checked or _command([npm, "run", "--silent", "--prefix", str(THEME), "test"])


if __name__ == "__main__":
    sys.exit(main())
