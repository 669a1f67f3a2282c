"""Groups of the consumer protocol, whose members the coordinator gives their partitions (KIP-848)."""
