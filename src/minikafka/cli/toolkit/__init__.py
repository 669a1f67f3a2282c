"""What the tools are made with: options, settings, connections, tables and how they end."""
