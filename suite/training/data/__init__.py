"""Data sets: `build(fetch, ...)` gives the whole set as tensors, once per machine (see data_cache.py)."""
