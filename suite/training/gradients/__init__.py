"""What is done to gradients: `build(...)` gives a function parameters -> global L2 norm before the change."""
