"""Whatever is asked, the read engine answers what plain loops over plain rows answer."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from random import Random
from time import monotonic
from typing import Any, NamedTuple

import orjson
import pytest
from graphql import GraphQLError, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.access import Caller
from core.errors import RequestError
from resolvers.context import Context, Platform
from resolvers.polling import Polls
from schema.documents import MAX_TOKENS, Invalid
from schema.transport.operation import Asked, new_runner, run
from tests.client import GraphQL
from tests.oracle import plain
from tests.oracle.data import World, callers, new_world
from tests.oracle.operations import RUNS, Writer
from tests.oracle.reducing import smaller_documents
from tests.people import without_other_workers

# How many operations are compared; `make fuzz` compares more, and others every time.
EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
FEW = 2_000

Path = tuple[str | int, ...]


class Case(NamedTuple):
    """One execution. `planted` says that an argument below a root field may be one that cannot be served."""

    text: str
    variables: dict[str, Any]
    caller: Caller
    planted: bool


class Outcome(NamedTuple):
    """How the comparison went: what differs, if anything, and what is worth counting. What is not valid is neither."""

    wrong: str = ""
    is_valid: bool = True
    traits: frozenset[str] = frozenset()


class Oracle:
    """The engine and the world that it is asked about, and how it went. No dataclass: failures would show all rows."""

    def __init__(self, platform: Platform, world: World) -> None:
        self.platform = platform
        self.world = world
        self.runner = new_runner(platform)
        self.counted: Counter[str] = Counter()
        self.started = monotonic()

    def count(self, outcome: Outcome, traits: set[str]) -> None:
        """Notes an agreement."""
        if not outcome.is_valid:
            self.counted["discarded"] += 1
            return
        self.counted["agreed"] += 1
        found = traits | outcome.traits
        self.counted["non-trivial"] += bool(found & _TELLING)
        self.counted.update(found)

    @property
    def report(self) -> str:
        agreed = self.counted["agreed"] or 1
        shares = ", ".join(
            f"{name} {count * 100 / agreed:.1f} %" for name, count in self.counted.most_common() if name not in _TOLD
        )
        took = monotonic() - self.started
        return (
            f"{agreed} operations agreed in {took:.0f} s, {agreed / took:.0f} a second; "
            f"{self.counted['discarded']} were not valid.\n{shares}"
        )


# An operation is more than trivial with one of these.
_TELLING = {"errors", "nested connections", "filter", "cursors"}
_TOLD = {"agreed", "discarded"}


@pytest.fixture(scope="module")
async def oracle(platform: Platform, graphql: GraphQL, request: pytest.FixtureRequest) -> AsyncIterator[Oracle]:
    if "EMBEDDED_SUPERUSER_URL" not in os.environ:
        pytest.skip("Reading all rows takes PostgreSQL's superuser, which only the embedded server tells.")
    # A worker would relay the events of its world.
    async with without_other_workers(platform):
        world = await new_world(platform, graphql)
        # Who polls would be written while rows are compared.
        made = Oracle(replace(platform, polls=Polls()), world)
        yield made
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{made.report}")  # noqa: T201 - the figures are what a fuzzer is run for


@pytest.mark.timeout(0 if EXAMPLES else 120)
class TestReadEngine:
    @given(seed=st.integers(0, 2**64 - 1))
    @settings(
        max_examples=(EXAMPLES or FEW) // RUNS,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        # A seed cannot be made smaller; `reduced` makes the operation smaller.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    async def test_answers_what_plain_loops_over_plain_rows_answer(self, oracle: Oracle, seed: int) -> None:
        chance = Random(seed)
        operation = Writer(oracle.world, chance).operation()
        for variables, caller in zip(operation.variables, callers(oracle.world, chance), strict=False):
            case = Case(operation.text, variables, caller, planted=operation.planted)
            outcome = await compared(oracle, case)
            if outcome.wrong:
                smaller, wrong = await reduced(oracle, case, outcome.wrong)
                pytest.fail(f"{wrong}\n\n{smaller.text}\nvariables {smaller.variables}\n{caller}", pytrace=False)
            oracle.count(outcome, operation.traits)


async def compared(oracle: Oracle, case: Case) -> Outcome:
    """Asks both."""
    asked = Asked(case.text, case.variables, None)
    try:
        prepared = oracle.runner.prepare(asked)
    except RequestError:
        return Outcome(is_valid=False)
    except (Invalid, GraphQLError) as refused:
        return _refused(oracle, case, refused)
    body = (await run(oracle.runner, prepared, Context(oracle.platform, case.caller, "request"))).body
    result = plain.answer(oracle.world, case.caller, parse(case.text), case.variables, None)
    expected = {(tuple(error.path or ()), plain.code_of(error)) for error in result.errors or []}
    found = {(tuple(error.get("path", ())), _code(error["extensions"])) for error in body.get("errors", ())}
    wrong = disagreement(body.get("data"), found, result.data, expected)
    traits = {"errors"} if expected else set()
    if result.data is None:
        traits.add("no data")
    if wrong and case.planted:
        wrong = _without_refused_roots(body.get("data"), found, result.data, expected)
        traits.add("refused below a root")
    return Outcome(wrong, traits=frozenset(traits))


def _code(extensions: dict[str, str]) -> str:
    return f"{extensions['code']} {extensions.get('scope', '')}".strip()


def _refused(oracle: Oracle, case: Case, refused: Exception) -> Outcome:
    """What is not valid is no operation; variables that do not fit must be refused before anything is executed."""
    try:
        document = parse(case.text, max_tokens=MAX_TOKENS)
    except GraphQLError:
        return Outcome(is_valid=False)
    if validate(plain.SCHEMA, document):
        return Outcome(is_valid=False)
    errors = plain.answer(oracle.world, case.caller, document, case.variables, None).errors or []
    if errors and not any(error.path for error in errors):
        return Outcome(traits=frozenset({"refused"}))
    return Outcome(f"the engine refuses it: {refused}; the oracle has {errors}")


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


async def reduced(oracle: Oracle, case: Case, wrong: str) -> tuple[Case, str]:
    """The smallest part of the operation that both still disagree on."""
    for text in smaller_documents(case.text):
        smaller = case._replace(text=text)
        found = (await compared(oracle, smaller)).wrong
        if found:
            return await reduced(oracle, smaller, found)
    return case, wrong
