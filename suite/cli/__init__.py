"""Parse, call, print. Each command is one module; heavy imports wait until a command needs them."""
