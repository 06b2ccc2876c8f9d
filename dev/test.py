"""`make test`: pytest with services of its own. Arguments, exit code and last lines are pytest's."""

import sys

from dev.services import run


def main() -> int:
    """The command line."""
    return run([sys.executable, "-m", "pytest", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
