"""What the examples' commands have in common: argument types, readable output."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn


class DivergedError(ArithmeticError):
    """The loss is no number any more, or far too large a one."""


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults, where there are any."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        is_switch = action.default is None or action.default is False
        return action.help if is_switch else super()._get_help_string(action)


def prepare_output() -> None:
    """Let a terminal, or a file in an old encoding, show "?" for what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def positive(kind: type) -> Any:
    """An argument type: a positive number of this kind."""

    def read(text: str) -> Any:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"must be a positive number, not {text}")
        return value

    read.__name__ = "whole number above 0" if kind is int else "number above 0"
    return read


def seed(text: str) -> int:
    """An argument type: what NumPy's legacy generator takes as a seed."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 2³² − 1, not {text}")
    return value


def folder(text: str) -> Path:
    """An argument type: a folder that figures can be written to; it is made if it is not there."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot be made: {error}") from None
    if not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written to")
    return path


def parser_of(description: str) -> argparse.ArgumentParser:
    """A parser for a command that draws data and a figure: it has --seed and --out."""
    parser = argparse.ArgumentParser(description=description, formatter_class=HelpFormatter)
    parser.add_argument("--seed", type=seed, default=0, help="of the data")
    parser.add_argument("--out", type=folder, default="figures", help="the folder for the figure")
    return parser


def training_parser(
    description: str, epochs: int, quick: str, made: str = "the figure"
) -> argparse.ArgumentParser:
    """A parser for a command that trains: it has --epochs, --quick, --seed and --out."""
    parser = argparse.ArgumentParser(description=description, formatter_class=HelpFormatter)
    add = parser.add_argument
    add("--epochs", type=positive(int), default=epochs, help="passes over what is trained with")
    add("--seed", type=seed, default=0, help="of the parameters and of the batches")
    add("--out", type=folder, default="figures", help=f"the folder for {made}")
    add("--quick", action="store_true", help=quick)
    return parser


def parse_training(
    parser: argparse.ArgumentParser, arguments: list[str] | None
) -> argparse.Namespace:
    """The options of such a command; --quick is one epoch."""
    options = parser.parse_args(arguments)
    if options.quick:
        refuse_changed(parser, options, "--quick is one epoch", ["epochs"])
        options.epochs = 1
    return options


def conclude(is_right: bool, draw: Callable[[], Path]) -> int:
    """Print whether derivatives agree, and where the figure is; the exit status, 1 if they do not.

    Without matplotlib the command says so, and has no figure.
    """
    print("Verdict: they agree." if is_right else "Verdict: THEY DO NOT AGREE.")
    figure_told(draw)
    return 0 if is_right else 1


def figure_told(draw: Callable[[], Path]) -> int:
    """Draw, and print where the figure is, or why there is none; the exit status 0."""
    try:
        print(f"Figure: {draw()}")
    except ModuleNotFoundError as error:
        print(f"No figure: {error}")
    return 0


def refuse_changed(
    parser: argparse.ArgumentParser, options: argparse.Namespace, because: str, names: Iterable[str]
) -> None:
    """End with an error if one of the options `names` was given, `because` of another one."""
    changed = [n for n in names if getattr(options, n) != parser.get_default(n)]
    if changed:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in changed)
        parser.error(f"{because}: leave out {flags}")


def check_loss(loss: float, before: float, epoch: int) -> None:
    """Raise `DivergedError` if a mean loss is no number, or far above that `before` training."""
    if not loss < MOST * before:
        raise DivergedError(
            f"The training diverged in epoch {epoch}: the loss is {loss:.3g}, after {before:.3g} "
            "before training. Try a smaller --rate, such as a third of this one."
        )


MOST = 10
"""So many times the loss before training is none that comes down again. Where training went well,
whole epochs and the first batches alike stayed below 1.5 times."""


def run_command(main: Callable[[], int]) -> NoReturn:
    """End the process with what `main` gives; after Ctrl-C with 130, as a shell expects it."""
    try:
        status = main()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        status = 130
    if status == 130:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again, it would spoil the end
    sys.exit(status)
