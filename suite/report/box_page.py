"""A data set of images with boxes as a person looks at it: where the objects are, how large, how many; copies."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suite.report import numbers
from suite.report.box_profile import Boxes, BoxProfile, Sizes, findings, profile
from suite.report.data_page import MOST_CLASSES, Description, Strip, balance_figure, copy_facts
from suite.report.data_profile import balance
from suite.report.image_page import LONGEST_SIDE, Pictures, group_strip, image_facts, strip, value_table
from suite.report.tables import Cell, Table, number, text


def describe(
    inputs: Pictures, boxes: Boxes, test_inputs: Pictures, test_boxes: Boxes, classes: Sequence[str]
) -> Description:
    """Boxes are (N, M, 5), as in `box_profile`. Raises DataError for what is no such data set."""
    found = profile(inputs, boxes, test_inputs, test_boxes, classes)
    values, objects = value_table(found.images), object_table(found)
    return Description(
        profile=found,
        findings=findings(found),
        facts=fact_table(found),
        tables=(values, objects),
        sections={
            "strips": _class_strips(found, inputs, boxes),
            "left_out": max(0, len(classes) - MOST_CLASSES),
            "figure_of_classes": balance_figure(found.classes, "Objects"),
            "class_table": objects,
            "value_table": values,
            "copies": [group_strip(group, inputs, test_inputs) for group in found.copies.groups],
        },
    )


def fact_table(found: BoxProfile) -> Table:
    """The data set in a dozen lines, for the terminal and the page."""
    classes, (pool, test) = found.classes, found.per_image
    counted = (f"{fewest} to {most}, median {median}" for fewest, median, most in (pool, test))
    lines = (
        ("training pool", f"{found.pool:,} images, {sum(classes.pool):,} objects"),
        ("test part", f"{found.test:,} images, {sum(classes.test):,} objects"),
        *image_facts(found.images),
        ("classes", f"{len(classes.names):,}, {balance(min(classes.pool_ratio, classes.test_ratio))}"),
        (
            "objects per image",
            "; ".join(f"{part} {said}" for part, said in zip(("pool", "test"), counted, strict=True)),
        ),
        ("images without any", f"{found.without[0]:,} of the pool, {found.without[1]:,} of the test part"),
        ("width over height", _spread(found.all_sizes.elongations, "{:.2f}")),
        ("size", f"{_spread(found.all_sizes.sides, '{:.0f}')} pixels (square root of the area)"),
        *copy_facts(found.copies, found.test),
    )
    rows = tuple((text(what), text(it)) for what, it in lines)
    return Table(caption="Sizes and counts", columns=("quantity", "value"), rows=rows)


def object_table(found: BoxProfile) -> Table:
    """A row per class."""
    classes = found.classes
    rows = tuple(
        (
            text(name),
            number(f"{ours:,}"),
            number(f"{theirs:,}"),
            number(numbers.percent(ours / max(1, sum(classes.pool)), 1)),
            number(f"{seen:,}"),
            *_size_cells(sizes),
        )
        for name, ours, theirs, seen, sizes in zip(
            classes.names, classes.pool, classes.test, found.pictures, found.sizes, strict=True
        )
    )
    columns = (
        "class", "objects of the pool", "of the test part", "share of the pool", "images of the pool that have it",
        "size, 10 %", "median", "90 %",
    )  # fmt: skip
    return Table(caption="Classes, and the size of their objects in pixels", columns=columns, rows=rows)


def _size_cells(sizes: Sizes) -> list[Cell]:
    return [number("–" if math.isnan(side) else f"{side:.0f}") for side in sizes.sides]


def _spread(percentiles: Sequence[float], shape: str) -> str:
    low, middle, high = (shape.format(value) for value in percentiles)
    return f"{low} to {high} (10 % to 90 %), median {middle}"


def _class_strips(found: BoxProfile, inputs: Pictures, boxes: Boxes) -> list[Strip]:
    """Images that have the class, its objects in white frames."""
    each = zip(found.classes.names, found.classes.examples, found.pictures, strict=True)
    return [
        strip(name, f"in {seen:,} images of the pool", [_framed(inputs[row], boxes[row], kind) for row in rows])
        for kind, (name, rows, seen) in enumerate(list(each)[:MOST_CLASSES])
        if rows
    ]


def _framed(image: NDArray[np.uint8], boxes: Boxes, kind: int) -> NDArray[np.uint8]:
    """The image (H, W, C), as small as it is shown, with a frame around each box (M, 5) of the class."""
    step = -(-max(image.shape[:2]) // LONGEST_SIDE)
    picture = image[::step, ::step].copy()
    height, width = picture.shape[:2]
    for _, *corners in boxes[boxes[:, 0] == kind]:
        left, top, right, bottom = np.round(np.array(corners) / step).astype(int)
        for value, margin in ((0, 2), (255, 1)):  # white within black: to be seen on any ground
            a, b = max(left - margin, 0), min(right + margin, width)
            c, d = max(top - margin, 0), min(bottom + margin, height)
            picture[c : c + 1, a:b] = picture[max(d - 1, 0) : d, a:b] = value
            picture[c:d, a : a + 1] = picture[c:d, max(b - 1, 0) : b] = value
    return picture
