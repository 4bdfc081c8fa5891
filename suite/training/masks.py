"""Pictures with a class for each pixel, brought to one size."""

import io
import tarfile
from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def unpacked(archive: tarfile.TarFile) -> dict[str, bytes]:
    """Every file of an archive by its path."""
    return {member.name: file.read() for member in archive if (file := archive.extractfile(member)) is not None}


def tensors(
    files: Mapping[str, bytes], pairs: list[tuple[str, str]], *, pixels: tuple[int, int], colour: bool
) -> tuple[Tensor, Tensor]:
    """uint8 (n, H, W, 1 or 3) and int16 (n, H, W) of pairs of paths, image and map of labels.

    `pixels` is (height, width): proportions are given up. Labels are those of the nearest pixel.
    """
    size = (pixels[1], pixels[0])
    images, maps = [], []
    for image, labels in pairs:
        with Image.open(io.BytesIO(files[image])) as opened:
            small = opened.convert("RGB" if colour else "L").resize(size, Image.Resampling.BOX)
        images.append(np.atleast_3d(np.asarray(small)))
        with Image.open(io.BytesIO(files[labels])) as opened:
            maps.append(np.asarray(opened.resize(size, Image.Resampling.NEAREST)).astype(np.int16))
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(maps))
