"""What one trial does. Needs torch only; neither Ray nor W&B nor pydantic."""
