"""How frequent each class is in training: `build(rows, targets, classes)` gives the rows to train on."""
