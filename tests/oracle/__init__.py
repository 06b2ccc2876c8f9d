"""The read engine against an oracle: graphql-core's own executor over rows in lists."""
