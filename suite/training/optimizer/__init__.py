"""Optimisers: `build(parameters, ...)` gives a torch.optim.Optimizer."""
