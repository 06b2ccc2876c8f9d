"""GraphQL documents of the worst kinds, each as large as the parser lets through."""

import re
from collections.abc import Callable

from schema.documents import MAX_LENGTH, MAX_TOKENS

Make = Callable[[int], str]

_TOKEN = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"|[-\w]+|\.\.\.|[{}()\[\]:$@!=|&]')
# A good part below the bound: the tokens are counted by a formula.
_FILLED = 0.98


def _full(make: Make, tokens: int = MAX_TOKENS) -> str:
    """The document of as many repetitions as fit."""
    few, more = (len(_TOKEN.findall(make(n))) for n in (200, 400))
    each = max((more - few) / 200, 0.1)
    most = int((tokens * _FILLED - few) / each) + 200
    text = make(most)
    while len(text) > MAX_LENGTH:
        most = int(most * 0.9)
        text = make(most)
    return text


def _joined(pattern: Callable[[int], str], n: int, between: str = " ") -> str:
    return between.join(pattern(i) for i in range(n))


def _thirty(n: int) -> int:
    """Into how many names n fields fall when each is used thirty times."""
    return n // 30 + 1


# -- fields -----------------------------------------------------------------------------------------------------------


def aliases(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"a{i}: id", n) + " } }"


def repeated_leafs(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"a{i % _thirty(n)}: id", n) + " } }"


def repeated_objects(n: int) -> str:
    return "{ " + _joined(lambda i: f"a{i % _thirty(n)}: workspace {{ id name slug }}", n) + " }"


def repeated_pages(n: int) -> str:
    field = "products(first: 1, last: 2) { nodes { id } }"
    return "{ " + _joined(lambda i: f"a{i % _thirty(n)}: {field}", n) + " }"


def conflicting_objects(n: int) -> str:
    kinds = ["workspace { id }", "viewer { id }"]
    return "{ " + _joined(lambda i: f"a{i % _thirty(n)}: {kinds[i % 2]}", n) + " }"


def conflicting_leafs(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"a{i % _thirty(n)}: {('id', 'name', 'slug')[i % 3]}", n) + " } }"


def unknown_fields(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"a{i}", n) + " } }"


def unknown_long_fields(n: int) -> str:
    return "{ " + _joined(lambda i: "a" * 18 + str(i), n) + " }"


def nested_fields(n: int) -> str:
    return "{ workspace" + "{a" * n + "}" * n + " }"


def nested_connections(n: int) -> str:
    return "{ products { nodes" + "{variants{nodes{product" * n + "{id}" + "}}}" * n + " } }"


def nested_to_the_bound(n: int) -> str:
    one = "...{" * 180 + "__typename" + "}" * 180
    return "{ " + one * max(1, n // 360) + " }"


def objects_nested_to_the_bound(n: int) -> str:
    one = "filter: " + "{a: " * 180 + "1" + "}" * 180
    return "{ products(" + one * max(1, n // 720) + ") { nodes { id } } }"


# -- fragments --------------------------------------------------------------------------------------------------------


def inline_fragments(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"...{{a{i % _thirty(n)}: id}}", n) + " } }"


def nested_inline_fragments(n: int) -> str:
    return "{" + "... on Query {" * n + "__typename" + "}" * n + "}"


def impossible_inline_fragments(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"... on Product {{ a{i}: id }}", n) + " } }"


def fragments_side_by_side(n: int) -> str:
    many = 30
    fields = _joined(lambda i: f"a{i}: workspace {{ id name }}", max(1, n // many))
    return _spreads(many) + _joined(lambda i: f"fragment F{i} on Query {{ {fields} }}", many)


def fragments_below_the_same_field(n: int) -> str:
    many = 28
    fields = _joined(lambda i: f"a{i}: id", max(1, n // many))
    spread = _joined(lambda i: f"workspace {{ ...F{i} }}", many)
    return f"{{ {spread} }} " + _joined(lambda i: f"fragment F{i} on Workspace {{ {fields} }}", many)


def fragments_that_spread_each_other(n: int) -> str:
    many = 9
    fields = _joined(lambda i: f"a{i}: __typename", n // many)
    spread = _joined(lambda i: f"...F{i}", many)
    return "{ ...F0 } " + _joined(lambda i: f"fragment F{i} on Query {{ {spread} {fields} }}", many)


def fragment_chain(n: int) -> str:
    many = 90
    fields = _joined(lambda i: f"a{i}: __typename", max(1, n // many))
    chain = _joined(lambda i: f"fragment F{i} on Query {{ ...F{i + 1} {fields} }}", many)
    return f"{{ ...F0 }} {chain} fragment F{many} on Query {{ __typename }}"


def fragment_cycle(n: int) -> str:
    many = min(n, 99)
    return "{ ...F0 } " + _joined(lambda i: f"fragment F{i} on Query {{ ...F{(i + 1) % many} }}", many)


def unused_fragments(n: int) -> str:
    return "{ __typename } " + _joined(lambda i: f"fragment F{i} on Query {{ a{i}: __typename }}", n)


def unused_fragments_of_one_name(n: int) -> str:
    return "{ __typename } " + "fragment F on Query { __typename } " * n


def fragments_on_unknown_types(n: int) -> str:
    return "{ __typename } " + _joined(lambda i: f"fragment F{i} on X{i} {{ a{i} }}", n)


def unknown_spreads(n: int) -> str:
    return _spreads(n)


def _spreads(n: int) -> str:
    return "{ " + _joined(lambda i: f"...F{i}", n) + " } "


def large_fragment_bomb(n: int) -> str:
    many = 49
    fields = [_joined(lambda i, at=at: f"a{at}x{i}: __typename", n // many) for at in range(many)]  # type: ignore[misc]
    bomb = _joined(lambda i: f"fragment F{i} on Query {{ ...F{i + 1} {fields[i]} ...F{i + 1} }}", many)
    return f"{{ ...F0 }} {bomb} fragment F{many} on Query {{ __typename }}"


def fragment_bomb(levels: int = 20) -> str:
    """1 kB that expand to 2^20 fields."""
    bomb = _joined(lambda i: f"fragment F{i} on Workspace{{...F{i + 1} a:id ...F{i + 1}}}", levels)
    return f"{{workspace{{...F0}}}} {bomb} fragment F{levels} on Workspace{{id}}"


# -- directives, variables, arguments ---------------------------------------------------------------------------------


def directives(n: int) -> str:
    return "{ __typename " + "@skip(if: true) " * n + "}"


def unknown_directives(n: int) -> str:
    return "{ __typename " + "@x" * n + " }"


def directives_each(n: int) -> str:
    return "{ workspace { " + _joined(lambda i: f"a{i}: id @include(if: true)", n) + " } }"


def variables(n: int) -> str:
    return "query (" + _joined(lambda i: f"$v{i}: Int", n) + ") { __typename }"


def variables_of_unknown_types(n: int) -> str:
    return "query (" + _joined(lambda i: f"$v{i}: X{i}", n) + ") { __typename }"


def variables_with_bad_defaults(n: int) -> str:
    return "query (" + _joined(lambda i: f"$v{i}: Int = [[{{a: 1}}]]", n) + ") { __typename }"


def variables_used(n: int) -> str:
    declared, used = (
        _joined(lambda i: f"$v{i}: Int", n),
        _joined(lambda i: f"a{i}: images(first: $v{i}) {{ nodes {{ id }} }}", n),
    )
    return f"query ({declared}) {{ products(first: 1) {{ nodes {{ {used} }} }} }}"


def undefined_variables(n: int) -> str:
    return "{ " + _joined(lambda i: f"a{i}: products(first: $v{i}) {{ nodes {{ id }} }}", n) + " }"


def nested_variable_type(n: int) -> str:
    return "query ($a: " + "[" * n + "Int" + "]" * n + ") { __typename }"


def long_list(n: int) -> str:
    return "{ nodes(ids: [" + "1 " * n + "]) { id } }"


def long_list_of_strings(n: int) -> str:
    return "{ nodes(ids: [" + '"" ' * n + "]) { id } }"


def long_list_of_variables(n: int) -> str:
    return "query ($v: ID!) { nodes(ids: [" + "$v " * n + "]) { id } }"


def long_list_of_objects(n: int) -> str:
    return "{ nodes(ids: [" + "{} " * n + "]) { id } }"


def long_default(n: int) -> str:
    return "query ($v: [ID!] = [" + "1 " * n + "]) { nodes(ids: $v) { id } }"


def long_lists_thirty_times(n: int) -> str:
    return "{ " + ("nodes(ids: [" + "1 " * (n // 30) + "]) { id } ") * 30 + "}"


def nested_list(n: int) -> str:
    return "{ nodes(ids: " + "[" * n + "]" * n + ") { id } }"


def nested_object(n: int) -> str:
    return "{ products(filter: " + "{a: " * n + "1" + "}" * n + ") { nodes { id } } }"


def wide_object(n: int) -> str:
    return "{ products(filter: {" + _joined(lambda i: f"a{i}: 1", n) + "}) { nodes { id } } }"


def wide_object_of_one_key(n: int) -> str:
    return "{ products(filter: {" + "a: 1 " * n + "}) { nodes { id } } }"


def unknown_arguments(n: int) -> str:
    return "{ products(" + _joined(lambda i: f"a{i}: 1", n) + ") { nodes { id } } }"


def one_argument_many_times(n: int) -> str:
    return "{ products(" + "first: 1 " * n + ") { nodes { id } } }"


def bad_enums(n: int) -> str:
    return "{ products(sort: [" + "X " * n + "]) { nodes { id } } }"


def missing_arguments(n: int) -> str:
    return "{ " + _joined(lambda i: f"a{i}: node {{ id }}", n) + " }"


# -- operations -------------------------------------------------------------------------------------------------------


def operations(n: int) -> str:
    return _joined(lambda i: f"query Q{i} {{ a{i}: __typename }}", n)


def operations_of_one_name(n: int) -> str:
    return _joined(lambda i: f"query Q {{ a{i}: __typename }}", n)


def anonymous_operations(n: int) -> str:
    return _joined(lambda i: f"{{ a{i} }}", n)


def operations_that_share_a_fragment(n: int) -> str:
    several = min(n, 99)
    fields = _joined(lambda i: f"a{i}: products(first: $v, last: $v) {{ nodes {{ id }} }}", n // 3)
    return _joined(lambda i: f"query Q{i}($v: Int) {{ ...F }}", several) + f" fragment F on Query {{ {fields} }}"


def subscriptions_of_many_fields(n: int) -> str:
    fields = _joined(lambda i: f"a{i}: activity {{ cursor }}", n // 4)
    return (
        _joined(lambda i: f"subscription S{i} {{ ...F }}", min(n, 99)) + f" fragment F on Subscription {{ {fields} }}"
    )


def type_definitions(n: int) -> str:
    return "{ __typename } " + _joined(lambda i: f"type T{i} {{ a: Int }}", n)


# -- introspection ----------------------------------------------------------------------------------------------------


def schemas(n: int) -> str:
    return "{ " + _joined(lambda i: f"a{i}: __schema {{ types {{ name fields {{ name }} }} }}", min(n, 20)) + " }"


def schema_of_aliased_fields(n: int) -> str:
    return "{ __schema { types { " + _joined(lambda i: f"a{i}: fields {{ name }}", n) + " } } }"


def schema_of_aliased_arguments(n: int) -> str:
    return "{ __schema { types { fields { " + _joined(lambda i: f"a{i}: args {{ name }}", n) + " } } } }"


def schema_of_aliased_names(n: int) -> str:
    return "{ __schema { types { fields { type { " + _joined(lambda i: f"a{i}: name", n) + " } } } } }"


def schema_in_fragments(n: int) -> str:
    many = 40
    bomb = _joined(lambda i: f"fragment F{i} on __Type {{ ...F{i + 1} a{i}: fields {{ name }} ...F{i + 1} }}", many)
    return f"{{ __schema {{ types {{ ...F0 }} }} }} {bomb} fragment F{many} on __Type {{ name }}"


def nested_schema(n: int) -> str:
    return "{ __schema { types { fields { type" + "{fields{type" * n + "{name}" + "}}" * n + " } } } }"


def nested_of_type(n: int) -> str:
    return "{ __schema { types { fields { type" + "{ofType" * n + "{name}" + "}" * n + " } } } }"


# -- characters -------------------------------------------------------------------------------------------------------


def long_string(n: int) -> str:
    return '{ nodes(ids: ["' + "x" * n * 16 + '"]) { id } }'


def long_block_string(n: int) -> str:
    return '{ nodes(ids: ["""' + "\n x" * n * 5 + '"""]) { id } }'


def long_escapes(n: int) -> str:
    return '{ nodes(ids: ["' + "\\u0041" * n * 2 + '"]) { id } }'


def long_number(n: int) -> str:
    return "{ products(first: " + "9" * n * 16 + ") { nodes { id } } }"


def long_float(n: int) -> str:
    return "{ products(first: 1e" + "9" * n * 16 + ") { nodes { id } } }"


def long_name(n: int) -> str:
    return "{" + "a" * n * 16 + "}"


def long_type_name(n: int) -> str:
    return "query ($v: " + "a" * n * 16 + ") { __typename }"


def long_operation_name(n: int) -> str:
    return "query " + "a" * n * 16 + " { __typename }"


def commas(n: int) -> str:
    return "{ __typename" + "," * n * 16 + "}"


def comments(n: int) -> str:
    return "{ __typename\n" + "#\n" * n * 8 + "}"


def newlines_before_an_error(n: int) -> str:
    return "\n" * n * 16 + "{"


_MAKES: list[Make] = [
    value
    for name, value in dict(globals()).items()
    if callable(value) and getattr(value, "__module__", "") == __name__ and not name.startswith("_")
    if name not in {"Make", "fragment_bomb"}
]

# By name: documents as large as the parser takes them, in tokens or characters, and twenty times that.
DOCUMENTS = {make.__name__: _full(make) for make in _MAKES}
BEYOND = {f"{name}_beyond": make(20_000)[:1_500_000] for name, make in ((make.__name__, make) for make in _MAKES)}
SMALL = {
    "fragment_bomb": fragment_bomb(),
    "hundred_aliases": aliases(100),
    "nul": "{ \0 }",
    "nul_in_a_string": '{ nodes(ids: ["\\u0000"]) { id } }',
    "raw_nul_in_a_string": '{ nodes(ids: ["\0"]) { id } }',
    "lone_surrogate": '{ nodes(ids: ["\\ud800"]) { id } }',
    "surrogates_the_wrong_way_round": '{ nodes(ids: ["\\udc00\\ud800"]) { id } }',
    "beyond_unicode": '{ nodes(ids: ["\\u{110000}"]) { id } }',
    "letters_that_are_no_names": "{ wörkspace }",
    "wide_letters": "{ \uff57\uff4f\uff52 { id } }",
    "right_to_left": "{ \u202eworkspace { id } }",
    "byte_order_marks": "\ufeff\ufeff{ __typename }",
    "only_spaces": " \t\n" * 1_000,
    "unclosed_string": '{ nodes(ids: ["' + "x" * 1_000,
    "unclosed_block_string": '{ nodes(ids: ["""' + "x" * 1_000,
    "large_page": "{ products(first: 2147483648) { nodes { id } } }",
    "negative_page": "{ products(first: -1) { nodes { id } } }",
    "number_of_5000_digits": "{ products(first: " + "9" * 5_000 + ") { nodes { id } } }",
    "string_for_a_number": '{ products(first: "1") { nodes { id } } }',
    "executable_description": '"""x""" query Q { __typename }',
    "dunder_fields": "{ __schema { __schema { __type } } __proto__ constructor }",
    "field_almost_right": "{ worksapce { id } }",
    "subscription_over_http": "subscription { activity { cursor } }",
}
