"""How fast the broker is, and next to Apache Kafka: ``python -m benchmarks --help``."""
