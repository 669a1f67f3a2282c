"""Groups of consumers, share groups, and their offsets."""
