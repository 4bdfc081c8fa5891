"""In which order the training examples come: `build(rows, targets)` gives a function generator -> order of an epoch."""
