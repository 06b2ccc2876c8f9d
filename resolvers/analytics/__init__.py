"""What visitors of a storefront do: taking their events, counting them, forgetting them."""

from resolvers.analytics.track import MAX_EVENTS, Tracked, track_events

__all__ = ["MAX_EVENTS", "Tracked", "track_events"]
