"""Looking whether the files of a stopped broker are sound, without changing any of them."""
