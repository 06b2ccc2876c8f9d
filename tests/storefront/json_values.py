"""JSON as hypothesis makes it: any value that can be stored, and values much like another."""

from typing import Any

from hypothesis import strategies as st

from resolvers.storefront.canonical import MAX_NUMBER

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
keys = st.one_of(st.sampled_from(["a", "b", "c", "", "0", "-", "~", "/", "~1", "ä/~0"]), texts)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_NUMBER, MAX_NUMBER),
    st.floats(-float(MAX_NUMBER), float(MAX_NUMBER), allow_nan=False),
    texts,
)


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(children, max_size=4), st.dictionaries(keys, children, max_size=4))


values = st.recursive(leaves, _containers, max_leaves=20)
objects = st.dictionaries(keys, values, max_size=5)


@st.composite
def edited(draw: st.DrawFn, value: Any) -> Any:
    """The value with something changed, here and there, or nowhere."""
    if draw(st.integers(0, 4)) == 0:
        return draw(values)
    if isinstance(value, list):
        below = [draw(edited(item)) for item in value]
        at = draw(st.integers(0, len(below)))
        return draw(st.sampled_from([below, [*below[:at], draw(values), *below[at:]], below[:at] + below[at + 1 :]]))
    if isinstance(value, dict):
        members = {key: draw(edited(item)) for key, item in value.items()}
        kept = dict(list(members.items())[draw(st.integers(0, 1)) :])
        shuffled = dict(draw(st.permutations(list(members.items()))))
        return draw(st.sampled_from([members, kept, shuffled, members | {draw(keys): draw(values)}]))
    return value


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two values, mostly much alike."""
    one = draw(values)
    return one, draw(edited(one))
