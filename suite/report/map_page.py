"""A data set of images with a class for every pixel as a person looks at it: where each class is, shares, copies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.report import numbers
from suite.report.data_page import MOST_CLASSES, Description, Strip, balance_figure, copy_facts
from suite.report.image_page import Pictures, group_strip, image_facts, strip, value_table
from suite.report.map_profile import MapProfile, findings, profile
from suite.report.tables import Table, number, text


def describe(
    inputs: Pictures,
    maps: NDArray[np.integer[Any]],
    test_inputs: Pictures,
    test_maps: NDArray[np.integer[Any]],
    classes: Sequence[str],
) -> Description:
    """Maps are (N, H, W) places in `classes`, or -1. Raises DataError for what is no such data set."""
    found = profile(inputs, maps, test_inputs, test_maps, classes)
    values, shares = value_table(found.images), share_table(found)
    return Description(
        profile=found,
        findings=findings(found),
        facts=fact_table(found),
        tables=(values, shares),
        sections={
            "strips": _class_strips(found, inputs, maps),
            "left_out": max(0, len(classes) - MOST_CLASSES),
            "figure_of_classes": balance_figure(found.classes, "Pixels"),
            "class_table": shares,
            "value_table": values,
            "copies": [group_strip(group, inputs, test_inputs) for group in found.copies.groups],
        },
    )


def fact_table(found: MapProfile) -> Table:
    """The data set in a dozen lines, for the terminal and the page."""
    classes = found.classes
    guess = f"“{classes.guess}”: {numbers.percent(classes.guess_accuracy, 1)} of the test's pixels right"
    lines = (
        ("training pool", f"{found.pool:,} images"),
        ("test part", f"{found.test:,} images"),
        *image_facts(found.images),
        ("classes", f"{len(classes.names):,}"),
        ("always guessing", f"{guess}, mean IoU {numbers.percent(found.guess_iou, 1)}"),
        ("without a class", " of the pool, ".join(numbers.percent(share, 1) for share in found.void) + " of the test"),
        *copy_facts(found.copies, found.test),
    )
    rows = tuple((text(what), text(it)) for what, it in lines)
    return Table(caption="Sizes and counts", columns=("quantity", "value"), rows=rows)


def share_table(found: MapProfile) -> Table:
    """A row per class."""
    pool, test = (max(1, sum(part)) for part in (found.classes.pool, found.classes.test))
    rows = tuple(
        (
            text(name),
            number(numbers.percent(ours / pool, 1)),
            number(numbers.percent(theirs / test, 1)),
            number(f"{seen:,}"),
        )
        for name, ours, theirs, seen in zip(
            found.classes.names, found.classes.pool, found.classes.test, found.pictures, strict=True
        )
    )
    columns = ("class", "share of the pool's pixels", "of the test part's", "images of the pool that have it")
    return Table(caption="Classes", columns=columns, rows=rows)


def _class_strips(found: MapProfile, inputs: Pictures, maps: NDArray[np.integer[Any]]) -> list[Strip]:
    """Images that have the class, and below each where it is: white; grey are pixels without a class."""
    each = zip(found.classes.names, found.classes.examples, found.pictures, strict=True)
    return [
        strip(name, f"in {seen:,} images of the pool", [_above(inputs[row], maps[row], place) for row in rows])
        for place, (name, rows, seen) in enumerate(list(each)[:MOST_CLASSES])
        if rows
    ]


def _above(image: NDArray[np.uint8], classes: NDArray[np.integer[Any]], place: int) -> NDArray[np.uint8]:
    """(2 H, W, C) of an image (H, W, C) and the map (H, W) of its classes, of which `place` is shown."""
    shown = np.where(classes == place, 255, np.where(classes < 0, 128, 0)).astype(np.uint8)
    return np.concatenate([image, np.broadcast_to(shown[..., None], image.shape)])
