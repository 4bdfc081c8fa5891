"""In which order the training examples come: `build(examples, rows, batch_size)` gives an Order."""
