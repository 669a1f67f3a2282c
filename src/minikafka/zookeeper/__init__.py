"""A stand-in for ZooKeeper: Kafka's znodes as a ZooKeeper of Kafka 2.x shows them, read from a broker as it is now.

Nothing is kept on disk. What is written to the znodes of topics, of their settings and of quotas goes to the broker as
the request of today; what consumers of Kafka 0.8 keep about themselves is in memory; any other write is refused.
"""
