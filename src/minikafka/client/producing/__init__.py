"""Records on their way to the leaders, in batches and transactions."""
