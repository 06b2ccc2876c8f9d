"""Changing a placement. What is not named stays as it is."""

from uuid import UUID

from resolvers.context import Context
from resolvers.placement.input import Changes, refuse_times
from resolvers.placement.kind import Kind
from resolvers.placement.placement import hold_pictures, locked_placement, touch
from resolvers.write import Outcome, write


async def update_placement(context: Context, kind: Kind, row_id: UUID, changes: Changes) -> Outcome:
    """Changes it; of one that is published shoppers see it, and a version is kept. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT, NOT_READY, OUT_OF_RANGE (the times), and what `kind.check` refuses.
        Forbidden: the caller may not change it: of what is published only a publisher may.

    """
    async with write(context) as tx:
        placement = await locked_placement(tx, kind, row_id, changes.revision)
        columns = dict.fromkeys(changes.clear) | kind.columns(changes)
        await hold_pictures(tx, columns)
        for name, value in columns.items():
            setattr(placement, name, value)
        refuse_times(placement.start_at, placement.end_at)
        kind.check(placement)
        touch(tx, kind, placement, was_shown=placement.status == "PUBLISHED")
        tx.audit(f"{kind.noun}Update", kind.name, placement.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=placement.id)
