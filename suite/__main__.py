"""`python -m suite` does what `suite` does."""

from suite.cli.app import main

main()
