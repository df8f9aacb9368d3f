"""How the replica's content management systems build their pages, one module each."""
