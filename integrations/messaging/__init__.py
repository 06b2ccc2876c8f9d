"""Sending e-mails."""

from core.settings import Settings
from integrations.messaging.base import Email, Mailer, Undeliverable
from integrations.messaging.outbox import Outbox
from integrations.messaging.smtp import SmtpMailer

__all__ = ["Email", "Mailer", "Undeliverable", "new_mailer"]


def new_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings choose: SMTP where there is a server, files otherwise."""
    if settings.smtp_url is not None:
        return SmtpMailer(settings.smtp_url.get_secret_value(), settings.mail_from)
    return Outbox(settings.data_dir / "mail", settings.mail_from)
