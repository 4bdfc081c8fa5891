"""What a person reads: figures, pages and the catalogue."""
