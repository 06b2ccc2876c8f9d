"""The worker: `python -m tasks`. Thin jobs that call resolvers; PostgreSQL says what is due, Redis only rings."""
