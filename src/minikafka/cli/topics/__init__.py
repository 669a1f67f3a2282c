"""Topics, their partitions, where these lie, and who leads them."""
