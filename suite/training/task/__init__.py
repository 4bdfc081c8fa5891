"""What is learnt: `build(...)` gives a Task: the metric and per-example correctness."""
