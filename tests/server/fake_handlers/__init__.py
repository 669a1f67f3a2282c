"""Handlers for tests of what lies before them: each does one thing that a real one may do."""
