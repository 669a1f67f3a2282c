"""Compaction (Kafka: LogCleaner): which logs, in which order, and what stays in them."""
