"""``minikafka doctor``, step by step."""
