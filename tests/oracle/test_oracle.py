"""Whatever is asked, the read engine answers what plain loops over plain rows answer."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

import orjson
import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import Caller
from core.errors import RequestError
from resolvers.context import Context, Platform
from schema.documents import Invalid
from schema.transport.operation import Asked, Runner, new_runner, run
from tests.client import GraphQL
from tests.oracle import plain
from tests.oracle.data import World, callers, new_world
from tests.oracle.operations import RUNS, Operation, Writer

# How many operations are compared; `make fuzz` compares more, and others every time.
EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
FEW = 900

Path = tuple[str | int, ...]


@dataclass
class Oracle:
    """The engine and the world that it is asked about, and how it went."""

    runner: Runner
    platform: Platform
    world: World
    counted: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=monotonic)

    @property
    def report(self) -> str:
        agreed = self.counted["agreed"] or 1
        shares = ", ".join(
            f"{name} {count * 100 // agreed} %" for name, count in self.counted.most_common() if name not in _TOLD
        )
        took = monotonic() - self.started
        return (
            f"{self.counted['agreed']} operations agreed in {took:.0f} s, {self.counted['agreed'] / took:.0f} a second; "
            f"{self.counted['discarded']} documents discarded.\n{shares}"
        )


_TOLD = {"agreed", "discarded"}


@pytest.fixture(scope="module")
async def oracle(
    platform: Platform, graphql: GraphQL, request: pytest.FixtureRequest
) -> AsyncIterator[Oracle]:
    world = await new_world(platform, graphql)
    made = Oracle(new_runner(platform), platform, world)
    yield made
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{made.report}")  # noqa: T201 - the figures are what a fuzzer is run for


@pytest.mark.timeout(0 if EXAMPLES else 120)
class TestReadEngine:
    @given(chance=st.randoms(use_true_random=False))
    @settings(
        max_examples=(EXAMPLES or FEW) // RUNS,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    async def test_answers_what_plain_loops_over_plain_rows_answer(self, oracle: Oracle, chance: Random) -> None:
        operation = Writer(oracle.world, chance).operation()
        for variables, caller in zip(operation.variables, callers(oracle.world, chance), strict=False):
            await compare(oracle, operation, variables, caller)


async def compare(oracle: Oracle, operation: Operation, variables: dict[str, Any], caller: Caller) -> None:
    """Asks both; a disagreement fails with all that is needed to repeat it."""
    document = parse(operation.text, no_location=True)
    asked = Asked(operation.text, variables, None)
    try:
        prepared = oracle.runner.prepare(asked)
    except RequestError:
        oracle.counted["discarded"] += 1
        return
    except Invalid as refused:
        if not validate(plain.SCHEMA, document):
            result = plain.answer(oracle.world, caller, document, variables, None)
            where = [error.path for error in result.errors or []]
            assert where, f"refused: {refused}\n{told(operation, variables, caller)}"
            assert not any(where), f"refused: {refused}\n{told(operation, variables, caller)}"
            oracle.counted["refused"] += 1
            oracle.counted["agreed"] += 1
        else:
            oracle.counted["discarded"] += 1
        return
    body = (await run(oracle.runner, prepared, Context(oracle.platform, caller, "request"))).body
    result = plain.answer(oracle.world, caller, document, variables, None)
    expected = {(tuple(error.path or ()), plain.code_of(error)) for error in result.errors or []}
    found = {(tuple(error.get("path", ())), error["extensions"]["code"]) for error in body.get("errors", ())}
    wrong = disagreement(body.get("data"), found, result.data, expected)
    if wrong and operation.planted:
        wrong = _without_refused_roots(body.get("data"), found, result.data, expected)
        oracle.counted["refused below a root"] += 1
    assert not wrong, f"{wrong}\n{told(operation, variables, caller)}"
    oracle.counted["agreed"] += 1
    traits = set(operation.traits)
    if expected:
        traits.add("errors")
    if result.data is None:
        traits.add("no data")
    for trait in traits:
        oracle.counted[trait] += 1
    oracle.counted["non-trivial"] += bool(traits - {"no data", "variables", "fragments"})


def _without_refused_roots(found: Any, errors: Any, expected: Any, expected_errors: Any) -> str:
    """What is wrong besides root fields that the engine refused as a whole for an argument below them."""
    refused = {path[0] for path, code in errors if len(path) == 1 and code == "BAD_USER_INPUT"}
    if refused and found is None:
        return ""
    return disagreement(
        {key: value for key, value in (found or {}).items() if key not in refused},
        {(path, code) for path, code in errors if path[0] not in refused},
        {key: value for key, value in (expected or {}).items() if key not in refused},
        {(path, code) for path, code in expected_errors if path[0] not in refused},
    )


def disagreement(found: Any, errors: set[tuple[Path, str]], expected: Any, expected_errors: Any) -> str:
    """What differs first, in words; empty where nothing does."""
    if orjson.dumps(found) != orjson.dumps(expected):
        path, ours, theirs = next(differences(found, expected, ()))
        return f"at {list(path)} the engine has {ours!r}, the oracle {theirs!r}\nerrors {errors} {expected_errors}"
    ours, theirs = at_nulls(found, errors), at_nulls(expected, expected_errors)
    for path in sorted(ours.keys() | theirs.keys(), key=str):
        # Below a null that an error made, which of several errors is told is free.
        one, other = ours.get(path, set()), theirs.get(path, set())
        if one != other and not (one & other and {(path, code) for code in other} - expected_errors):
            return f"errors at {list(path)}: the engine has {sorted(one)}, the oracle {sorted(other)}"
    return ""


def differences(found: Any, expected: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(found, dict) and isinstance(expected, dict):
        if list(found) != list(expected):
            yield path, list(found), list(expected)
        for key in found:
            yield from differences(found[key], expected[key], (*path, key))
    elif isinstance(found, list) and isinstance(expected, list):
        for index, (one, other) in enumerate(zip(found, expected, strict=False)):
            yield from differences(one, other, (*path, index))
        if len(found) != len(expected):
            yield path, f"{len(found)} items", f"{len(expected)} items"
    elif found != expected:
        yield path, found, expected


def at_nulls(data: Any, errors: set[tuple[Path, str]]) -> dict[Path, set[str]]:
    """The codes of the errors by the place of the null that each of them made, at its path or above it."""
    found: dict[Path, set[str]] = {}
    for path, code in errors:
        value, place = data, 0
        while value is not None and place < len(path):
            value = value[path[place]]
            place += 1
        found.setdefault(path[:place], set()).add(code)
    return found


def told(operation: Operation, variables: dict[str, Any], caller: Caller) -> str:
    return f"{operation.text}\nvariables {variables}\n{caller}"
