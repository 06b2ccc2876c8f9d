"""Who polls the changes feed. As the logs it has no foreign keys: what is noted of a poll can always be written."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import READ, Base, RowKey, WorkspaceKey, tenant


class PollingState(Base):
    """The last poll of one API key or storefront token. `site_id` is the site that the token was of then, if any."""

    __tablename__ = "polling_state"
    __table_args__ = (
        UniqueConstraint("workspace_id", "caller_id"),
        CheckConstraint("caller_kind in ('API_KEY', 'SHOPPER')", name="caller_kind"),
        # Written every second, in place: nothing that changes has an index.
        {"info": tenant(app=READ, system="select, insert, update, delete"), "postgresql_with": {"fillfactor": 50}},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    caller_kind: Mapped[str]
    caller_id: Mapped[UUID]
    caller_label: Mapped[str]
    site_id: Mapped[UUID | None]
    last_polled_at: Mapped[datetime]
    sequence: Mapped[int | None]
