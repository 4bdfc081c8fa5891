"""Which examples train and which validate: `build(rows, train, validation, generator)` gives the rows of each."""
