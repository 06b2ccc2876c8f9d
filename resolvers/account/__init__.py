"""People: registering, signing in and out, sessions that stay fresh, passwords."""

from resolvers.account.change_password import PasswordChange, change_password
from resolvers.account.refresh import refresh_session
from resolvers.account.register import NewUser, register_user
from resolvers.account.reset_password import (
    PasswordResetRequest,
    TokenAndPassword,
    request_password_reset,
    reset_password,
)
from resolvers.account.sign_in import sign_in
from resolvers.account.sign_out import sign_out, sign_out_everywhere

__all__ = [
    "NewUser",
    "PasswordChange",
    "PasswordResetRequest",
    "TokenAndPassword",
    "change_password",
    "refresh_session",
    "register_user",
    "request_password_reset",
    "reset_password",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
]
