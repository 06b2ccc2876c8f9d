"""`make bench`: runs benchmarks by name, all of them by default, and writes what came of them.

    python -m benchmarks [name …]

Each runs on PostgreSQL and Redis of its own. The exit code is 1 where a target was missed.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from benchmarks import analytics, export, large, live, order, read, sockets, storefront, track, webhook
from benchmarks.report import Report, write
from benchmarks.world import World, world
from dev.errors import StartError
from dev.services import end_on_signals

Benchmark = Callable[[World], Awaitable[tuple[Report, dict[str, str]]]]
BENCHMARKS: dict[str, Benchmark] = {
    "read": read.measure,
    "storefront": storefront.measure,
    "large": large.measure,
    "order": order.measure,
    "live": live.measure,
    "webhook": webhook.measure,
    "sockets": sockets.measure,
    "track": track.measure,
    "analytics": analytics.measure,
    "export": export.measure,
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}")
    end_on_signals()
    try:
        return max([_run(name) for name in names])
    except StartError as error:
        print(error, file=sys.stderr)
        return 1


def _run(name: str) -> int:
    print(f"\n== {name}", flush=True)
    with world() as found:
        report, about = asyncio.run(_measured(BENCHMARKS[name], found))
    text = report.text(about)
    file = write(name, text, about["date"].partition(" ")[0])
    print(f"\n{text}\n{file} written", flush=True)
    return int(report.failed)


async def _measured(benchmark: Benchmark, found: World) -> tuple[Report, dict[str, str]]:
    return await benchmark(found)


if __name__ == "__main__":
    sys.exit(main())
