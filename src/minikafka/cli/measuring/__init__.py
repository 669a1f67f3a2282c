"""Programs that make load, and measure or verify what comes of it."""
