"""What visitors of a storefront do: taking their events, counting them, forgetting them."""

from resolvers.analytics.delete import MAX_SESSIONS, VisitorData, delete_visitor_data
from resolvers.analytics.track import MAX_EVENTS, Tracked, track_events

__all__ = ["MAX_EVENTS", "MAX_SESSIONS", "Tracked", "VisitorData", "delete_visitor_data", "track_events"]
