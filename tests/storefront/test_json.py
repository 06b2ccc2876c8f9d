"""How a config is written, compared and patched: for any JSON."""

import json
import math
from contextlib import suppress
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.storefront.canonical import (
    MAX_DEPTH,
    MAX_NUMBER,
    MAX_SECTION_BYTES,
    MAX_VALUES,
    Unfit,
    canonical,
    parsed,
)
from resolvers.storefront.diff import Operation, diff, same
from resolvers.storefront.patch import MAX_OPERATIONS, apply_patch
from resolvers.storefront.sections import Misfit, check, validator
from tests.storefront.json_values import objects, pairs, values


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


class TestCanonical:
    @given(values)
    def test_comes_back_to_the_letter(self, value: Any) -> None:
        text = canonical(value)

        assert canonical(parsed(text)) == text
        assert json.dumps(json.loads(text)) == json.dumps(value)

    def test_keeps_the_order_of_keys(self) -> None:
        assert canonical({"b": 1, "a": {"z": 1, "y": [1.0, 1, True]}}) == '{"b":1,"a":{"z":1,"y":[1.0,1,true]}}'

    @pytest.mark.parametrize(
        "value",
        [math.nan, math.inf, -math.inf, MAX_NUMBER + 1, -MAX_NUMBER - 1, 1e300, 2.0**64, "\ud800", "a\0b", {1}, b"x"],
    )
    def test_refuses_what_would_come_back_changed_with_its_path(self, value: Any) -> None:
        with pytest.raises(Unfit) as refusal:
            canonical({"a": [0, {"b": value}]})

        assert refusal.value.path == ("a", "1", "b")

    @pytest.mark.parametrize("key", ["\0", "\udfff", 1, None, "k" * 501])
    def test_refuses_keys_that_are_none_with_the_path_of_their_object(self, key: Any) -> None:
        with pytest.raises(Unfit) as refusal:
            canonical({"a": {key: 1}})

        assert refusal.value.path == ("a",)

    def test_refuses_what_is_too_deep_however_deep(self) -> None:
        assert canonical(nested(MAX_DEPTH))
        for depth in (MAX_DEPTH + 1, 100_000):
            with pytest.raises(Unfit, match="levels deep"):
                canonical(nested(depth))

    def test_refuses_what_is_too_large(self) -> None:
        assert canonical("a" * (MAX_SECTION_BYTES - 2))
        with pytest.raises(Unfit, match="bytes"):
            canonical("a" * (MAX_SECTION_BYTES - 1))
        assert canonical([0] * (MAX_VALUES - 1))
        with pytest.raises(Unfit, match="values"):
            canonical([0] * MAX_VALUES)


class TestDiff:
    @given(pairs())
    def test_applied_gives_the_other_side_to_the_letter(self, pair: tuple[Any, Any]) -> None:
        before, after = ({"value": side} for side in pair)
        changes = diff(before, after)

        patched = apply_patch(deepcopy(before), [change.as_patch() for change in changes])

        assert canonical(patched) == canonical(after)

    @given(pairs())
    def test_is_empty_where_both_are_the_same_and_only_there(self, pair: tuple[Any, Any]) -> None:
        one, other = pair

        assert (diff(one, other) == []) is (canonical(one) == canonical(other))
        assert diff(one, deepcopy(one)) == []

    @given(pairs())
    def test_tells_both_sides(self, pair: tuple[Any, Any]) -> None:
        """Backwards it is as long, and says of each path what was there."""
        for change in diff(*pair):
            if change.operation is Operation.REPLACE:
                assert not same(change.before, change.after)
            if change.operation is Operation.ADD:
                assert change.before is None
            if change.operation is Operation.REMOVE:
                assert change.after is None

    def test_goes_as_deep_as_the_difference(self) -> None:
        before = {"theme": {"colors": {"primary": "#000", "text": "#111"}}, "layout": {"content": [1, 2, 3, 4]}}
        after = {"theme": {"colors": {"primary": "#fff", "x/y~": 1}}, "layout": {"content": [1, 9, 2, 3, 4]}}

        found = [(change.path, change.operation.value, change.before, change.after) for change in diff(before, after)]

        assert found == [
            ("/theme/colors/primary", "replace", "#000", "#fff"),
            ("/theme/colors/text", "remove", "#111", None),
            ("/theme/colors/x~1y~0", "add", None, 1),
            ("/layout/content/1", "add", None, 9),
        ]

    @pytest.mark.parametrize(
        ("one", "other"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    )
    def test_takes_no_value_for_another_that_is_written_otherwise(self, one: Any, other: Any) -> None:
        assert [change.operation for change in diff([one], [other])] == [Operation.REPLACE]


class TestPatch:
    def test_does_what_the_rfc_says(self) -> None:
        config = {"theme": {"a": [1, 2]}, "layout": {}}
        operations = [
            {"op": "test", "path": "/theme/a/0", "value": 1},
            {"op": "add", "path": "/theme/a/-", "value": 3},
            {"op": "add", "path": "/theme/a/0", "value": 0},
            {"op": "copy", "from": "/theme/a", "path": "/layout/b"},
            {"op": "move", "from": "/layout/b/3", "path": "/layout/c"},
            {"op": "remove", "path": "/theme/a/1"},
            {"op": "replace", "path": "/layout/b/0", "value": {"x~/": None}},
            {"op": "add", "path": "/layout/b/0/x~0~1", "value": False},
        ]

        assert apply_patch(config, operations) == {
            "theme": {"a": [0, 2, 3]},
            "layout": {"b": [{"x~/": False}, 1, 2], "c": 3},
        }

    @pytest.mark.parametrize(
        ("operations", "path"),
        [
            ({}, ()),
            ("[]", ()),
            ([{"op": "test", "path": "/theme/a", "value": 2}], ("0",)),
            ([{"op": "nothing", "path": ""}], ("0",)),
            ([{"op": "add", "path": "theme", "value": 1}], ("0", "path")),
            ([{"op": "add", "path": 7, "value": 1}], ("0", "path")),
            ([{"op": "add", "path": "/theme/b"}], ("0",)),
            ([{"op": "copy", "path": "/theme/b"}], ("0",)),
            ([{"op": "copy", "path": "/theme/b", "from": 1}], ("0", "from")),
            ([{"op": "copy", "path": "/theme/b", "from": "/nowhere"}], ("0",)),
            ([{"op": "remove", "path": "/theme/b"}], ("0",)),
            ([{"op": "replace", "path": "/theme/b", "value": 1}], ("0",)),
            ([{"op": "add", "path": "/theme/a/x", "value": 1}], ("0",)),
            ([{"op": "add", "path": "/list/9", "value": 1}], ("0",)),
            ([{"op": "add", "path": "/list/01", "value": 1}], ("0",)),
            ([{"op": "add", "path": "/theme/~2", "value": 1}], ("0",)),
            ([{"op": "move", "path": "/theme/a/b", "from": "/theme"}], ("0",)),
            ([{"op": "replace", "path": "", "value": 1}], ("0",)),
            ([{"op": "remove", "path": ""}], ("0",)),
            ([{"op": "add", "path": "/theme/ok", "value": 1}, {"op": "remove", "path": "/list/7"}], ("1",)),
            ([{"op": "add", "path": "/theme/ok", "value": 1}] * (MAX_OPERATIONS + 1), ()),
        ],
    )
    def test_refuses_what_cannot_be_done_and_says_which(self, operations: Any, path: tuple[str, ...]) -> None:
        with pytest.raises(Unfit) as refusal:
            apply_patch({"theme": {"a": 1}, "list": []}, operations)

        assert refusal.value.path == path

    def test_cannot_be_made_to_grow_without_end(self) -> None:
        """Copying a list into itself doubles it each time: a short patch would fill all memory."""
        doubling = [{"op": "copy", "from": "/theme", "path": "/theme/-"}] * 100

        with pytest.raises(Unfit, match="copies too much"):
            apply_patch({"theme": [1]}, doubling)

    @given(
        objects,
        st.lists(
            st.fixed_dictionaries({"op": values, "path": values}, optional={"value": values, "from": values}),
            max_size=3,
        ),
    )
    def test_refuses_nonsense_or_gives_an_object(self, config: dict[str, Any], operations: Any) -> None:
        with suppress(Unfit):
            assert isinstance(apply_patch(config, operations), dict)


class TestSchemas:
    def test_errors_name_the_path_and_do_not_repeat_the_value(self) -> None:
        schema = {"properties": {"colors": {"additionalProperties": {"type": "string", "pattern": "^#"}}}}

        with pytest.raises(Misfit) as refusal:
            check(validator(schema), {"colors": {"primary": "x" * 5_000, "text": 7}})

        assert refusal.value.errors == [
            (("colors", "primary"), "It must match ^#."),
            (("colors", "text"), "It must be of type string."),
        ]

    def test_fetches_nothing(self) -> None:
        """The socket would be refused, and the test with it; the reference is not even looked for."""
        with pytest.raises(Exception, match=r"schemas\.example"):
            check(validator({"$ref": "http://schemas.example/any.json"}), {})

    def test_dumps_as_orjson_does(self) -> None:
        assert orjson.dumps(parsed(canonical({"ä": "\n"}))) == '{"ä":"\\n"}'.encode()
