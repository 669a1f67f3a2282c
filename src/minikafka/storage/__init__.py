"""The log on disk, in exactly the files Apache Kafka writes: bytes and integers, no wire messages."""
