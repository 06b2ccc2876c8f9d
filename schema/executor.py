"""graphql-core's executor, taught that a field may be read by the engine: for mutations, events and introspection."""

from typing import Any

from graphql import GraphQLResolveInfo, is_non_null_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from core.errors import NotFound
from resolvers.read import Read, ReadEach, Selection, selection_key
from schema.queries import finish, problem_error
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
            caller=request.context.caller,
            key=selection_key(
                request.document_key,
                self.operation,
                tuple(key for key in path.as_list() if isinstance(key, str)),
                self.variable_values,
            ),
            remembered={},
        )
        finished = await finish(request, read, selection)
        for problem in finished.problems:
            at = path
            for key in problem.path:
                at = at.add_key(key, None)
            self.collected_errors.add(problem_error(problem, details, path.as_list()), at)
        if finished.value is None and is_non_null_type(return_type):
            raise NotFound(f"What {info.field_name} reads is not there.")
        return finished.value
