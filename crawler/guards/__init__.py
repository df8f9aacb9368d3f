"""What a hostile page, redirect or name server may not make the crawler do."""
