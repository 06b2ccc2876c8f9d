"""Deleting what is too old."""

from resolvers.retention import delete_old_rows
from tasks.job import Job, Services


async def _is_due(_services: Services) -> bool:
    """Finding out costs as much as doing it."""
    return True


async def _delete(services: Services) -> dict[str, int]:
    return await delete_old_rows(services.platform)


JOB = Job("delete_old_rows", 60.0, _is_due, _delete)
