"""What visitors do and what orders come to: taking events, deleting them, asking."""

from schema.analytics.dashboard import QUERIES
from schema.analytics.tracking import MUTATIONS

__all__ = ["MUTATIONS", "QUERIES"]
