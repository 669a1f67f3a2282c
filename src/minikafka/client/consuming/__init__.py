"""Records read, alone or as a member of a consumer group."""
