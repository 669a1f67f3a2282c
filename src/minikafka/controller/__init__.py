"""The KRaft controller of one node: checks changes, writes them to the metadata log, replays it into the image."""
