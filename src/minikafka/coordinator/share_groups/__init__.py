"""Share groups, as the group coordinator sees them: who is in them, and which partitions they share (KIP-932)."""
