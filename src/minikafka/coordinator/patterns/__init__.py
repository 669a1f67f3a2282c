"""Regular expressions of KIP-848's subscriptions, as RE2 understands them, in linear time."""
