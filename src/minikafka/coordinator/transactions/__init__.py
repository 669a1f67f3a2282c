"""The transaction coordinator, and the producer ids that it gives."""
