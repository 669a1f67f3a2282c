"""From the folders on disk to logs: what a stop or a crash has left (Kafka: LogLoader)."""
