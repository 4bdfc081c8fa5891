"""How examples are scored: `build(...)` gives a function (network, inputs) -> scores."""
