"""Writing an e-mail."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.access import Role
from core.ids import new_id
from models import AppUser, EmailMessage, Membership

MAX_SUBJECT_LENGTH = 200


async def add_email(session: AsyncSession, *, to: str, subject: str, text_body: str) -> None:
    """An e-mail that is sent, at least once, when the session's transaction is committed; none where it is not.

    A subject is one line, whatever people called their shop.
    """
    one_line = " ".join(subject.split())[:MAX_SUBJECT_LENGTH]
    await session.execute(
        insert(EmailMessage.__table__).values(  # type: ignore[arg-type]
            id=new_id(), to_address=to, subject=one_line, text_body=text_body
        )
    )


async def tell_owners(session: AsyncSession, workspace_id: UUID, *, subject: str, text_body: str) -> None:
    """One to each owner of the workspace."""
    owners = await session.scalars(
        select(AppUser.email)
        .join(Membership, Membership.user_id == AppUser.id)
        .where(Membership.workspace_id == workspace_id, Membership.role == Role.OWNER)
    )
    for email in owners:
        await add_email(session, to=email, subject=subject, text_body=text_body)
