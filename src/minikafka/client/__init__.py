"""A small synchronous client on the broker's own codec, for the command-line tools and tests."""
