"""What is concluded: pure functions from trial results to verdicts (see docs/verdict.md)."""
