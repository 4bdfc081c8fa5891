"""Which examples train and which validate.

`build(rows, targets, train, validation, generator)` gives the rows of each.
"""
