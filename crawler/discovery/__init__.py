"""Finding what is worth crawling on a government site nobody has described: pure functions, no network."""
