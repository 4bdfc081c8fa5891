"""Which labels are trained and validated on: `build(classes)` gives a function (labels, generator) -> labels."""
