"""Authentication, encryption and authorization."""
