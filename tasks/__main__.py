"""Runs one worker until it is told to stop."""

import sys

from core.settings import settings_or_exit
from core.telemetry import configure_logging
from tasks.worker import run


def main() -> int:
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
