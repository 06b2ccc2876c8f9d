"""Runs reads: finds or makes the plan, executes its one statement, assembles the answer."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from core.database import Database
from core.errors import BadUserInput
from resolvers.read.plan import CALLERS_SITE, IDS, Forbidden, Plan, make_plan
from resolvers.read.request import Read, ReadEach, Selection
from resolvers.read.source import Source

MAX_PLANS = 1000
# Plans of one selection whose arguments are remembered: one for each set of rights that it is read with.
MAX_REMEMBERED = 16

PathItem = str | int


class FieldProblem(NamedTuple):
    """A field of the answer that the caller may not read; its value there is null."""

    path: tuple[PathItem, ...]
    scope: str


class Finished(NamedTuple):
    """An answer that needs no further completion, the fields in it that were refused, and what it is as new as: the
    number of the workspace's last event, where that was asked for.
    """

    value: Any
    problems: list[FieldProblem]
    sequence: int = 0


class Engine:
    """Reads for one schema, with a bounded cache of plans."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._plans: OrderedDict[Any, Plan] = OrderedDict()

    async def run(self, database: Database, read: Read, selection: Selection) -> Finished:
        """Executes one statement and gives the answer; its value is None where the row is not there.

        Raises:
            BadUserInput: an argument cannot be served.
            Throttled: no database connection became free in time.

        """
        value, plan, sequence = await self._execute(database, read, selection)
        return Finished(value, _problems(plan, value) if plan.forbidden and value is not None else [], sequence)

    async def run_each(self, database: Database, read: ReadEach, selection: Selection) -> Finished:
        """Executes one statement for each type and gives a list in the order of the keys. Raises what `run` does."""
        found: dict[tuple[str, UUID], Any] = {}
        forbidden: dict[str, list[Forbidden]] = {}
        for type_name, ids in _by_type(read).items():
            scope = self._sources[type_name].scope
            if scope and not selection.caller.has(scope):
                forbidden[type_name] = [Forbidden((), scope)]
                continue
            rows, plan, _ = await self._execute(database, Read(type_name, ids=tuple(ids)), selection)
            found |= {(type_name, row_id): row for row_id, row in rows.items()}
            forbidden[type_name] = plan.forbidden
        values = [None if key is None else found.get(key) for key in read.keys]
        problems: list[FieldProblem] = []
        for index, key in enumerate(read.keys):
            for path, scope in forbidden[key[0]] if key else ():
                _find(values[index], path, (index,), scope, problems)
        return Finished(values, problems)

    async def _execute(self, database: Database, read: Read, selection: Selection) -> tuple[Any, Plan, int]:
        """What the statement's rows come to, the plan that they were read by, and what they are as new as."""
        plan = self._plan(read, selection)
        site_id = selection.caller.site_id
        arguments = [*_arguments(plan, selection), {**read.equals, IDS: read.ids, CALLERS_SITE: site_id}]
        for check in plan.checks:
            check(arguments)
        values = [reader(arguments) for reader in plan.readers]
        pool = database.app
        if read.across_workspaces:
            pool = database.system
        else:
            values.insert(0, selection.caller.workspace_id)
        async with pool.acquire() as connection:
            try:
                rows = await connection.fetch(plan.sql, *values)
            except asyncpg.DataError:
                raise BadUserInput("An argument holds a value that PostgreSQL cannot take, such as NUL.") from None
        sequence = 0 if plan.sequence is None else rows[0][plan.sequence] or 0
        return plan.assemble(rows, arguments), plan, sequence

    def forget(self, document_key: int) -> None:
        """Drops the plans of a document, which hold parts of it."""
        for key in [key for key in self._plans if key[0][0] == document_key]:
            del self._plans[key]

    def _plan(self, read: Read, selection: Selection) -> Plan:
        key = _plan_key(read, selection)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = make_plan(self._sources, read, selection)
            if len(self._plans) > MAX_PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        return plan


def _arguments(plan: Plan, selection: Selection) -> list[dict[str, Any]]:
    """The arguments of every field in the plan."""
    found = selection.remembered.get(plan)
    if found is None:
        if len(selection.remembered) >= MAX_REMEMBERED:
            selection.remembered.clear()
        found = selection.remembered[plan] = [site.values(selection.variables) for site in plan.sites]
    return found


def _by_type(read: ReadEach) -> dict[str, list[UUID]]:
    ids: dict[str, list[UUID]] = {}
    for key in read.keys:
        if key is not None:
            ids.setdefault(key[0], []).append(key[1])
    return ids


def _plan_key(read: Read, selection: Selection) -> Hashable:
    """Everything that the statement's text depends on, and none of the values that are its parameters."""
    caller = selection.caller
    return (
        selection.key,
        read.type_name,
        tuple(read.equals),
        read.many,
        read.ids is not None,
        read.granted,
        read.across_workspaces,
        read.with_sequence,
        caller.kind,
        caller.scopes,
        caller.hides_stock,
    )


def _problems(plan: Plan, value: Any) -> list[FieldProblem]:
    found: list[FieldProblem] = []
    for path, scope in plan.forbidden:
        _find(value, path, (), scope, found)
    return found


def _find(
    value: Any, rest: tuple[str, ...], walked: tuple[PathItem, ...], scope: str, found: list[FieldProblem]
) -> None:
    """Every place in the answer that the path leads to, through lists and past what is null above it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _find(item, rest, (*walked, index), scope, found)
    elif not rest:
        found.append(FieldProblem(walked, scope))
    elif value is not None:
        _find(value[rest[0]], rest[1:], (*walked, rest[0]), scope, found)
