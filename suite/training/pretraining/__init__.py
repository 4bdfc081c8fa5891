"""What the network is trained on before: `build(task, others)` gives a Plan (suite/training/stage.py), or None."""
