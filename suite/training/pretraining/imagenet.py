"""torchvision's weights from ImageNet: what most people mean by a pre-trained backbone.

Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge (2014); Kornblith et al., Do Better ImageNet
Models Transfer Better? (2018) for fine-tuning them on small photographs.
"""

from collections.abc import Callable

from suite.errors import DataError
from suite.training.stage import Examples, Weights


def build(task: Examples, others: Callable[[], Examples], *, freeze: bool = False) -> Weights:
    """Of `model: resnet18`, all but the last layer. Looked for in torch's hub folder (TORCH_HOME), then fetched.

    Raises DataError if they cannot be had.
    """
    from torchvision.models import ResNet18_Weights

    weights = ResNet18_Weights.IMAGENET1K_V1
    try:
        state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError, ValueError) as error:  # no network; another file; a download that broke off
        raise DataError(
            f"ImageNet weights: {error}; fetch {weights.url} by hand into hub/checkpoints of TORCH_HOME "
            "(by default ~/.cache/torch)"
        ) from None
    return Weights(state=state, freeze=freeze)
