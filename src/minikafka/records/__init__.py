"""Record batches of all three formats: read, check, build, compress, convert. A leaf."""
