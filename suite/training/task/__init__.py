"""What is learnt: `build(...)` gives a Task: what is predicted, what is right, and every metric."""
