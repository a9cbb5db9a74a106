"""A page to look at a graph: every value and every cotangent of one step of part 1's network.

Open the page in a browser. Click a node for its value, its gradient, its rule and its line; the
arrow keys go through the reverse sweep step by step.

    python examples/graph_page.py
    python examples/graph_page.py --images 2 --path figures/two_images.html
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from commandline import HelpFormatter, positive, prepare_output, run_command

import tinygrad_np as tg


def logits(params: Any, images: Any) -> Any:
    """{(3, 3, 1, 1), (784, 1)}, (n, 28, 28, 1) → (n, 1)."""
    hidden = tg.relu(tg.conv2d(images, params["filter"], padding=1))
    return tg.flatten(hidden) @ params["weights"]


def loss(params: Any, images: Any, labels: Any) -> Any:
    """The mean log-loss; `labels` (n, 1) are 1 for a dress and 0 for trousers."""
    return tg.log_loss_with_logits(logits(params, images), labels)


def main(arguments: list[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description="Write a page that shows a network's graph, with values and gradients.",
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    add("--images", type=positive(int), default=8, help="garments in the batch")
    add("--path", type=Path, default=Path("figures/graph.html"), help="the page's file")
    options = parser.parse_args(arguments)
    prepare_output()
    garments = tg.data.garments(options.images, 0)
    rng = np.random.default_rng(0)
    params = {
        "filter": rng.normal(0, 2 / 3, (3, 3, 1, 1)),
        "weights": rng.normal(0, 1 / 28, (784, 1)),
    }
    images = garments.train_images[..., None] / 255
    graph = tg.graph(loss, params, images, (garments.train_labels == 3)[:, None])
    try:
        path = graph.save(options.path)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print(graph)
    print(f"Page: {path}")
    return 0


if __name__ == "__main__":
    run_command(main)
