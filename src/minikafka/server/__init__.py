"""The event loop side: connections, dispatch, delayed operations."""
