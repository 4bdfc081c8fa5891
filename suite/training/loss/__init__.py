"""Losses: `build(...)` gives a function (outputs, targets) -> mean loss, a scalar tensor in nats."""
