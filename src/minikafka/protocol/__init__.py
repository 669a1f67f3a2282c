"""Kafka's wire protocol without input or output: bytes in, messages out, and back."""
