"""How frequent each class is: `build(rows, targets, classes, part)` gives the rows to keep of a part of the data."""
