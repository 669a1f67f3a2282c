"""What works on this machine: servers, their directories and their property files."""
