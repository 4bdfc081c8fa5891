"""A data set of images as a person looks at it: a row of pictures per class, values, copies."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from suite.report.data_page import (
    MOST_CLASSES,
    Description,
    Strip,
    balance_figure,
    class_facts,
    class_table,
    copy_facts,
    data_uri,
    where,
)
from suite.report.data_profile import Classes, Group
from suite.report.image_profile import ImageProfile, Images, findings, profile
from suite.report.tables import Table, number, text

Pictures = NDArray[np.uint8]
"""(N, H, W, C)."""

_GAP = 1


def describe(
    inputs: Pictures,
    targets: NDArray[np.int64],
    test_inputs: Pictures,
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
) -> Description:
    """Targets are (N,) places in `classes`. Raises DataError for what is no such data set."""
    found = profile(inputs, targets, test_inputs, test_targets, classes)
    values, balance = value_table(found.images), class_table(found.classes)
    return Description(
        profile=found,
        findings=findings(found),
        facts=fact_table(found),
        tables=(values, balance),
        sections={
            "strips": _class_strips(found.classes, inputs),
            "left_out": max(0, len(found.classes.names) - MOST_CLASSES),
            "figure_of_classes": balance_figure(found.classes),
            "class_table": balance,
            "value_table": values,
            "copies": [group_strip(group, inputs, test_inputs) for group in found.copies.groups],
        },
    )


def fact_table(found: ImageProfile) -> Table:
    """The data set in a dozen lines, for the terminal and the page."""
    shape, *values = image_facts(found.images)
    lines = (
        ("training pool", f"{found.pool:,} images"),
        ("test part", f"{found.test:,} images"),
        shape,
        *class_facts(found.classes),
        *values,
        *copy_facts(found.copies, found.test),
    )
    return Table(
        caption="Sizes and counts",
        columns=("quantity", "value"),
        rows=tuple((text(what), text(it)) for what, it in lines),
    )


def image_facts(images: Images) -> Iterator[tuple[str, str]]:
    """Lines of the table of facts: the shape first."""
    depth = len(images.channels)
    low = min(channel.minimum for channel in images.channels)
    high = max(channel.maximum for channel in images.channels)
    yield "image", f"{images.height} × {images.width} pixels, {depth} channel{'s' * (depth != 1)}"
    yield "values", f"{low} to {high} (possible: 0 to 255)"
    yield "constant pixels", f"{images.constant_pixels:,} of {images.height * images.width:,}"


def value_table(images: Images) -> Table:
    """A row per channel, as pandas' `describe` has it."""
    heads = ("channel", "mean", "standard deviation", "minimum", "25 %", "median", "75 %", "maximum")
    rows = tuple(
        (
            text(channel.name),
            number(f"{channel.mean:.2f}"),
            number(f"{channel.standard_deviation:.2f}"),
            *(number(str(value)) for value in (channel.minimum, *channel.quartiles, channel.maximum)),
        )
        for channel in images.channels
    )
    return Table(caption="Values in the training pool, of 0 to 255", columns=heads, rows=rows)


def _class_strips(classes: Classes, inputs: Pictures) -> list[Strip]:
    shown = list(zip(classes.names, classes.pool, classes.examples, strict=True))[:MOST_CLASSES]
    return [
        strip(name, f"{count:,} in the pool", [inputs[place] for place in places])
        for name, count, places in shown
        if places
    ]


def group_strip(group: Group, inputs: Pictures, test_inputs: Pictures) -> Strip:
    """The picture that a group's copies are of."""
    picture = inputs[group.pool[0]] if group.pool else test_inputs[group.test[0]]
    return strip(", ".join(group.labels), where(group), [picture])


def strip(label: str, note: str, pictures: Sequence[NDArray[np.uint8]], *, longest_side: int = 96) -> Strip:
    """Pictures side by side; they are (H, W, C), one or more, all of the same shape, and made smaller if need be."""
    step = -(-max(pictures[0].shape[:2]) // longest_side)
    shown = [picture[::step, ::step] for picture in pictures]
    height, _, depth = shown[0].shape
    between = np.full((height, _GAP, depth), 255, dtype=np.uint8)
    row = np.concatenate([part for picture in shown for part in (picture, between)][:-1], axis=1)
    image = io.BytesIO()
    Image.fromarray(row if depth == 3 else row[..., 0]).save(image, format="PNG", optimize=True)
    return Strip(label=label, note=note, count=len(pictures), source=data_uri(image.getvalue()))
