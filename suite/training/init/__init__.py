"""Initial weights: `build(...)` gives a function that fills one module in place, or None for torch's own."""
