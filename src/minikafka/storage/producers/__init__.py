"""What a log remembers of its producers (Kafka: ProducerStateManager)."""
