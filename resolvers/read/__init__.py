"""The read engine: one root field, one statement. README.md beside this file says how a type joins it."""

from resolvers.read.engine import Engine, FieldProblem, Finished
from resolvers.read.request import Read, ReadEach, Selection, selection_key

__all__ = ["Engine", "FieldProblem", "Finished", "Read", "ReadEach", "Selection", "selection_key"]
