"""A data set of images with boxes as a person looks at it: where the objects are, how large, how many; copies."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suite.report import numbers
from suite.report.box_profile import Boxes, BoxProfile, Sizes, findings, profile
from suite.report.data_page import MOST_CLASSES, Description, Strip, balance_figure, copy_facts
from suite.report.data_profile import balance
from suite.report.image_page import Pictures, group_strip, image_facts, strip, value_table
from suite.report.tables import Cell, Table, number, text

_LONGEST_SIDE = 256
"""Pixels of a picture: more than of others, for what counts in them is small."""
_FRAME, _THICK = (0, 200, 255), 3
"""Three pixels, for the page shows the picture at half its size or less."""


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
            "picture_width": 8.0,
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
    """Images that have the class, its objects in frames."""
    each = zip(found.classes.names, found.classes.examples, found.pictures, strict=True)
    return [
        strip(
            name,
            f"in {seen:,} images of the pool",
            [_framed(inputs[row], boxes[row], kind) for row in rows[::2]],
            longest_side=_LONGEST_SIDE,
        )
        for kind, (name, rows, seen) in enumerate(list(each)[:MOST_CLASSES])
        if rows
    ]


def _framed(image: NDArray[np.uint8], boxes: Boxes, kind: int) -> NDArray[np.uint8]:
    """The image (H, W, C) in colour, as large as it is shown, with a frame around each box (M, 5) of the class."""
    scale = _LONGEST_SIDE / max(image.shape[:2])
    rows, columns = ((np.arange(int(side * scale)) / scale).astype(int) for side in image.shape[:2])
    picture = np.broadcast_to(image[rows][:, columns], (len(rows), len(columns), 3)).copy()
    for _, *corners in boxes[boxes[:, 0] == kind]:
        left, top, right, bottom = np.round(np.array(corners) * scale).astype(int)
        across, down = slice(max(left - _THICK, 0), right + _THICK), slice(max(top - _THICK, 0), bottom + _THICK)
        frame = picture[down, across]
        frame[:_THICK] = frame[-_THICK:] = frame[:, :_THICK] = frame[:, -_THICK:] = _FRAME
    return picture
