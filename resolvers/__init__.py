"""The use cases, one file a noun: plain values in, ids out, domain errors raised. Each opens its own transaction."""
