"""Which of the data set's classes are told apart: `build(classes)` gives how many, from the first on."""
