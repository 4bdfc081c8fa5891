"""What is done once to all inputs: `build(train_inputs, ...)` gives a function from uint8 images to float32."""
