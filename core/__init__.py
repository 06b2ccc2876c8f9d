"""What everything stands on: settings, database, tenancy, clock, ids, money, crypto, pub/sub, telemetry."""
