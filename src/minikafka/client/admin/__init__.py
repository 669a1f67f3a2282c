"""What an administrator asks and changes: one module a subject."""
