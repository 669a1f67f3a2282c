"""The share coordinator: how far share groups have come in each partition, in ``__share_group_state`` (KIP-932)."""
