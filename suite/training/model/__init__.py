"""Networks: `build(input_shape, classes, ...)` gives a torch.nn.Module."""
