"""Raw responses kept as WARC 1.1, and read again with today's rules."""
