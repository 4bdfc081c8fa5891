"""Learning-rate schedules: `build(steps, steps_per_epoch, ...)` gives a function step -> factor of the base rate."""
