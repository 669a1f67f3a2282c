"""Group and transaction coordinators as pure state machines: (now_ms, request) -> Result(records, response)."""
