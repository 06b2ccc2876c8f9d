"""GraphQL's executor, taught that a field may be read by the engine."""

from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, is_non_null_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from core.errors import Forbidden, NotFound
from resolvers.read import FieldProblem, Read, ReadEach, Selection
from schema.request import Request


class ReadingExecutor(Executor[Any]):
    """Completes a `Read` with one statement of the engine, and passes what it answers through."""

    def complete_value(
        self,
        return_type: Any,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if isinstance(result, Read | ReadEach):
            return self._read(return_type, field_details_list, info, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _read(
        self,
        return_type: Any,
        details: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        read: Read | ReadEach,
    ) -> Any:
        request: Request = self.context_value
        selection = Selection(
            schema=self.schema,
            operation=self.operation,
            fragments=self.fragments,
            variables=self.variable_values,
            definition=info.parent_type.fields[info.field_name],
            details=details,
            document_key=request.document_key,
            path=tuple(key for key in path.as_list() if isinstance(key, str)),
            caller=request.context.caller,
        )
        database = request.context.platform.database
        if isinstance(read, Read):
            finished = await request.engine.run(database, read, selection)
        else:
            finished = await request.engine.run_each(database, read, selection)
        for problem in finished.problems:
            self._add_problem(problem, details, path)
        if finished.value is None and is_non_null_type(return_type):
            raise NotFound(f"What {info.field_name} reads is not there.")
        return finished.value

    def _add_problem(self, problem: FieldProblem, details: list[FieldDetails], path: Path) -> None:
        at = path
        for key in problem.path:
            at = at.add_key(key, None)
        refused = Forbidden(f"This needs the scope {problem.scope}.", scope=problem.scope)
        nodes = [detail.node for detail in details]
        error = GraphQLError(refused.message, nodes=nodes, path=at.as_list(), original_error=refused)
        self.collected_errors.add(error, at)
