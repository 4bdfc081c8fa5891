"""`suite sync`: offline W&B runs, uploaded later."""

from suite.cli import options
from suite.cli.console import out
from suite.recording import wandb_sink


def sync(results: options.Results = options.DEFAULT_RESULTS) -> None:
    """Upload the W&B runs recorded offline. Needs WANDB_API_KEY (or `wandb login`) and a network."""
    out.print(f"{wandb_sink.sync(results)} runs uploaded")
