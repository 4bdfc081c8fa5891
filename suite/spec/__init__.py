"""What is asked: YAML files -> frozen models -> trials. Knows no torch."""
