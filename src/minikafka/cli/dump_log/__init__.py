"""``kafka-dump-log``, file by file."""
