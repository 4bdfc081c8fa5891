"""What is done to each training batch: `build(...)` gives a function (inputs, generator) -> inputs, or None."""
