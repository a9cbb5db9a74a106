"""A page to play with a convolution and its gradient: the posts' image and filter.

Open the page in a browser, and point at a number: it shows the window, the products and the sum,
forward and backward. Stride, padding, dilation and every value can be changed there.

    python examples/convolution_lab.py
    python examples/convolution_lab.py --stride 2 --padding same --path figures/strided.html
"""

from __future__ import annotations

import argparse
from pathlib import Path

from commandline import HelpFormatter, positive, prepare_output, run_command
from convolution_pictures import PADDING, example

import tinygrad_np as tg


def padding(text: str) -> str | int:
    """An argument type: "same", "valid" or a whole number."""
    return text if text in ("same", "valid") else int(text)


def main(arguments: list[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description="Write a page that shows where every number of a convolution and of its "
        "gradient comes from.",
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    add("--stride", type=positive(int), default=1, help="of the windows, at first")
    add("--padding", type=padding, default=PADDING, help="same, valid or a number, at first")
    add("--dilation", type=positive(int), default=1, help="of the filter, at first")
    add("--path", type=Path, default=Path("figures/convolution_lab.html"), help="the page's file")
    options = parser.parse_args(arguments)
    prepare_output()
    image, filters = example()
    steps = options.stride, options.padding, options.dilation
    try:
        result = tg.conv2d(image, filters, *steps)
        path = tg.viz.convolution_lab(image, filters, options.path, *steps)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    sizes = image.shape[1:3], filters.shape[:2], result.shape[1:3]
    told = "An image of {}×{} pixels, a filter of {}×{}, a result of {}×{} pixels."
    print(told.format(*[n for size in sizes for n in size]))
    print(f"Page: {path}")
    return 0


if __name__ == "__main__":
    run_command(main)
