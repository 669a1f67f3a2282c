"""What a broker inside a program has beyond the broker: how it is hosted, and what can be asked of it without a client.

    Broker (minikafka.broker)
      TopicCalls, RecordCalls, GroupCalls, Seeding   what can be asked, in plain types, over one ``call``
      Host                                            where it runs: ThreadHost, LoopHost or ChildHost
        NodeKeeper                                    one node after another on the same directories and ports

A server process imports none of it.
"""
