"""Writing an e-mail."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models import EmailMessage

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
