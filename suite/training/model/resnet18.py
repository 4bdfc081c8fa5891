"""torchvision's ResNet-18, for images of any size. He et al., Deep Residual Learning (2015)."""

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from suite.training.arguments import PositiveInt

_CHANNELS = 3


def build(input_shape: tuple[int, int, int], classes: int, *, resolution: PositiveInt = 128) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W) to scores (n, classes).

    The network was made for large photographs: images are first resized to `resolution` x `resolution`, bilinear, and
    grey ones are shown to all three channels. Raises ValueError for other numbers of channels.
    """
    if input_shape[0] not in (1, _CHANNELS):
        raise ValueError(f"resnet18 takes grey or colour images, not {input_shape[0]} channels")

    def fit(module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        colour = inputs[0].expand(-1, _CHANNELS, -1, -1)
        return (functional.interpolate(colour, (resolution, resolution), mode="bilinear", antialias=True),)

    network: nn.Module = resnet18(num_classes=classes)
    network.register_forward_pre_hook(fit)  # and no wrapper: names of weights stay torchvision's
    return network
