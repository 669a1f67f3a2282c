"""What concerns a whole cluster: settings, features, the quorum, access, and transactions."""
