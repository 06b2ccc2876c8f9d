"""HTTP that is not GraphQL: health, metrics, media, the page of GraphiQL."""
