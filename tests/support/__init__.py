"""What several test modules share: brokers in processes of their own, waiting with a deadline, and made-up text."""
