"""Records by hand: what a console consumer prints, and what a console producer reads."""
