"""What is kept: the store of trial results, their provenance, and W&B (the only `import wandb`)."""
