"""What the broker knows, as plain values: the metadata image and fetch sessions. Pure: no input or output."""
