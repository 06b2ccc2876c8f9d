"""Exports: tables as CSV, by links that are good for minutes."""

from resolvers.export.create import LIFETIME, NewExport, create_export
from resolvers.export.rights import refuse_without_right
from resolvers.export.stream import LONGEST_SECONDS, export_csv
from resolvers.export.tables import TABLES
from resolvers.export.ticket import ExpiredTicket, InvalidTicket, Ticket, read_ticket

__all__ = [
    "LIFETIME",
    "LONGEST_SECONDS",
    "TABLES",
    "ExpiredTicket",
    "InvalidTicket",
    "NewExport",
    "Ticket",
    "create_export",
    "export_csv",
    "read_ticket",
    "refuse_without_right",
]
