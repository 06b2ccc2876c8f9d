"""Writing to the owners of a workspace."""

from sqlalchemy import select

from core.access import Role
from models import AppUser, Membership
from resolvers.email.add import add_email
from resolvers.write import Write


async def tell_owners(tx: Write, subject: str, text_body: str) -> None:
    """An e-mail to each of the workspace's owners, sent when the write is committed."""
    owners = (
        select(AppUser.email)
        .join(Membership, Membership.user_id == AppUser.id)
        .where(Membership.workspace_id == tx.workspace_id, Membership.role == Role.OWNER)
    )
    for email in await tx.session.scalars(owners):
        await add_email(tx.session, to=email, subject=subject, text_body=text_body)
