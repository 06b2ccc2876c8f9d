"""GraphQL: types, inputs, payloads, root fields, and the doors over which they are reached."""
