"""Users and what belongs to them. These tables are global: a user can work in many workspaces."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, EVERY_ROW, READ_APPEND, READ_WRITE, Base, CreatedAt, RowKey

_SYSTEM_ONLY = {"system": EVERY_ROW}


class AppUser(Base):
    """A person. The app's role sees the people of the pinned workspace, and never a password's hash."""

    __tablename__ = "app_user"
    __table_args__ = (
        {
            "info": {
                "policies": {
                    "app": "exists (select from membership m where m.user_id = app_user.id and m.workspace_id = "
                    "nullif(current_setting('app.workspace_id', true), '')::uuid)",
                    "system": EVERY_ROW,
                },
                "grants": {"app": "select (id, email, name, created_at)", "system": "select, insert, update"},
            }
        },
    )

    id: Mapped[RowKey]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    password_hash: Mapped[str]
    is_platform_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class UserSession(Base):
    """One sign-in of a user, until it is revoked or expires."""

    __tablename__ = "user_session"
    __table_args__ = (
        Index(None, "user_id"),
        Index(None, "expires_at"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": ALL}}},
    )

    id: Mapped[RowKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """One refresh token of a session. Each is used once; a second use revokes the session."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        Index(None, "session_id"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": ALL}}},
    )

    id: Mapped[RowKey]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_session.id", ondelete="CASCADE"))
    secret_hash: Mapped[bytes]
    created_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]


class PasswordReset(Base):
    """A link by e-mail with which somebody who forgot their password sets a new one, once, until it expires."""

    __tablename__ = "password_reset"
    __table_args__ = (
        Index(None, "user_id"),
        Index(None, "expires_at"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": ALL}}},
    )

    id: Mapped[RowKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    secret_hash: Mapped[bytes]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInThrottle(Base):
    """How often something was tried lately, by e-mail address or by network address; `subject` says what, hashed."""

    __tablename__ = "sign_in_throttle"
    __table_args__ = (
        Index(None, "window_started_at"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": ALL}}},
    )

    subject: Mapped[str] = mapped_column(primary_key=True)
    window_started_at: Mapped[datetime]
    failures: Mapped[int]


class UserIdempotencyKey(Base):
    """Idempotency keys of what a user does outside any workspace, such as making one."""

    __tablename__ = "user_idempotency_key"
    __table_args__ = (
        Index(None, "created_at"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": ALL}}},
    )

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    outcome: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class UserAuditEntry(Base):
    """Who changed what about a user: registrations, sign-ins, sign-outs, passwords."""

    __tablename__ = "user_audit_entry"
    __table_args__ = (
        Index(None, "user_id", "at"),
        {"info": {"policies": _SYSTEM_ONLY, "grants": {"system": READ_APPEND}}},
    )

    id: Mapped[RowKey]
    user_id: Mapped[UUID]
    at: Mapped[CreatedAt]
    action: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class EmailMessage(Base):
    """An e-mail that is to be sent: written in the transaction that wants it, sent by the worker, at least once."""

    __tablename__ = "email_message"
    __table_args__ = (
        Index(None, "due_at", postgresql_where=text("sent_at is null and failed_at is null")),
        {
            "info": {
                "policies": {"app": EVERY_ROW, "system": EVERY_ROW},
                "grants": {"app": "insert", "system": READ_WRITE + ", delete"},
            }
        },
    )

    id: Mapped[RowKey]
    to_address: Mapped[str]
    subject: Mapped[str]
    text_body: Mapped[str]
    created_at: Mapped[CreatedAt]
    due_at: Mapped[CreatedAt]
    attempt: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None]
