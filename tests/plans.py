"""How much PostgreSQL reads for an answer: the plan that it executes the engine's statement by."""

import json
from collections.abc import Awaitable, Iterator
from typing import Any, NamedTuple

from resolvers.context import Platform


class _Statement(NamedTuple):
    """A statement as it was sent to PostgreSQL."""

    sql: str
    values: tuple[Any, ...]


async def plan_of(platform: Platform, asking: Awaitable[dict[str, Any]], table: str) -> dict[str, Any]:
    """The plan of the one statement about the table that is sent while something is asked, and what it met."""
    return await _explained(platform, await _sent(platform, asking, table))


async def _sent(platform: Platform, asking: Awaitable[dict[str, Any]], table: str) -> _Statement:
    statements: list[_Statement] = []

    def note(record: Any) -> None:
        statements.append(_Statement(record.query, record.args))

    drivers = list(platform.database.app.connections._idle)
    for driver in drivers:
        driver.add_query_logger(note)
    answer = await asking
    for driver in drivers:
        driver.remove_query_logger(note)
    assert "errors" not in answer, answer
    (found,) = [each for each in statements if f"from {table} " in each.sql]
    return found


async def _explained(platform: Platform, statement: _Statement) -> dict[str, Any]:
    async with platform.database.app.acquire() as connection:
        await connection.execute(f"prepare explained as {statement.sql}")
        execute = f"execute explained({', '.join(map(_literal, statement.values))})"
        text = await connection.fetchval(f"explain (analyze, timing off, format json) {execute}")
        await connection.execute("deallocate explained")
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes that read a table."""
    if "Relation Name" in node or node["Node Type"] == "Bitmap Index Scan":
        yield node
    for child in node.get("Plans", ()):
        yield from scans(child)


def rows_read(node: dict[str, Any]) -> float:
    """The rows that a node looked at, those that it passed over included."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"array[{', '.join(map(_literal, value))}]::text[]"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
