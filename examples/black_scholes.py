"""The Greeks of a call by differentiating its price: `grad`, and `grad` of `grad`.

The price is the formula of Black and Scholes (1973), in plain NumPy with SciPy's Φ. Delta, vega,
theta and rho are its first derivatives, gamma is a second one; each is held against the formula
that one finds in books (Hull 2018, chapter 19), which nobody had to derive here.

    python examples/black_scholes.py
    python examples/black_scholes.py --spot 50 --strikes 40 50 60 --volatility 0.4 --maturity 0.25
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
from commandline import HelpFormatter, positive, prepare_output
from scipy.special import ndtr

import tinygrad_np as tg

ROUNDINGS = 1_000
"""Both sides are formulas of some twenty roundings, 2e-16 each, of numbers that may cancel. The
density of the normal distribution, exp(−d₁²/2), magnifies them by d₁², up to 1,500 where it is not
yet 0."""

NOTHING = 1e-290
"""Numbers below have fewer digits, and at last none."""


# The price: NumPy and SciPy, and nothing else


def price(spot: Any, strike: Any, volatility: Any, rate: Any, maturity: Any) -> Any:
    """What a European call is worth; elementwise. Times are years, rates are a year's."""
    deviation = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * maturity) / deviation
    discounted = strike * np.exp(-rate * maturity)
    return spot * ndtr(d1) - discounted * ndtr(d1 - deviation)


def total(*market: Any) -> Any:
    """The sum of all prices: each depends on its own elements alone, so its gradient has all."""
    return np.sum(price(*market))


# The Greeks, twice


def greeks(*market: np.ndarray) -> dict[str, np.ndarray]:
    """By differentiating `price`; `market` as there, each of shape (n,)."""
    delta, vega, rho, by_maturity = tg.grad(total, (0, 2, 3, 4))(*market)

    def sum_of_deltas(*market: Any) -> Any:
        return np.sum(tg.grad(total)(*market))

    gamma = tg.grad(sum_of_deltas)(*market)
    return {"delta": delta, "gamma": gamma, "vega": vega, "theta": -by_maturity, "rho": rho}


def first_distance(
    spot: np.ndarray,
    strike: np.ndarray,
    volatility: np.ndarray,
    rate: np.ndarray,
    maturity: np.ndarray,
) -> np.ndarray:
    """What the books call d₁."""
    drift = (rate + volatility**2 / 2) * maturity
    return (np.log(spot / strike) + drift) / (volatility * np.sqrt(maturity))


def closed_greeks(
    spot: np.ndarray,
    strike: np.ndarray,
    volatility: np.ndarray,
    rate: np.ndarray,
    maturity: np.ndarray,
) -> dict[str, np.ndarray]:
    """By the formulas of the books."""
    root = np.sqrt(maturity)
    d1 = first_distance(spot, strike, volatility, rate, maturity)
    d2 = d1 - volatility * root
    density = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi)
    discounted = strike * np.exp(-rate * maturity)
    return {
        "delta": ndtr(d1),
        "gamma": density / (spot * volatility * root),
        "vega": spot * density * root,
        "theta": -spot * density * volatility / (2 * root) - rate * discounted * ndtr(d2),
        "rho": discounted * maturity * ndtr(d2),
    }


# The command


def number(text: str) -> float:
    """An argument type: any number but inf and nan."""
    value = float(text)
    if not abs(value) < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a finite number, not {text}")
    return value


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description="The Greeks of European calls by differentiation and by the closed formulas.",
        formatter_class=HelpFormatter,
    )
    add = parser.add_argument
    strikes = [80.0, 90.0, 100.0, 110.0, 120.0]
    add("--spot", type=positive(float), default=100.0, help="the price of the share")
    add("--strikes", type=positive(float), nargs="+", default=strikes, help="one call for each")
    add("--volatility", type=positive(float), default=0.2, help="a year, 0.2 for 20 %%")
    add("--rate", type=number, default=0.05, help="of interest, a year, continuously compounded")
    add("--maturity", type=positive(float), default=1.0, help="in years")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Print the Greeks; the exit status is 1 if they and the closed formulas disagree."""
    prepare_output()
    options = parse(arguments)
    market = np.broadcast_arrays(
        options.spot, np.array(options.strikes), options.volatility, options.rate, options.maturity
    )
    with np.errstate(all="ignore"):  # what is not finite is told in words
        prices, found, expected = price(*market), greeks(*market), closed_greeks(*market)
    table = {"strike": market[1], "price": prices, **found}
    if not all(np.all(np.isfinite(column)) for column in (*table.values(), *expected.values())):
        print("These numbers are too large or too small for the formula.", file=sys.stderr)
        return 2

    print("".join(f"{name:>14}" for name in table))
    for row in zip(*table.values(), strict=True):
        print("".join(f"{value:>14.6g}" for value in row))

    print("\nAgainst the closed formulas, the largest error of each, over its largest value:")
    errors = {
        name: np.max(np.abs(found[name] - expected[name]))
        / max(np.max(np.abs(expected[name])), NOTHING)
        for name in found
    }
    most = min(np.max(first_distance(*market) ** 2), 1_500.0)
    tolerance = ROUNDINGS * np.finfo(float).eps * (1 + most)
    for name, error in errors.items():
        print(f"{name:<8}{error:>10.1e}  {'right' if error <= tolerance else 'WRONG'}")
    is_right = max(errors.values()) <= tolerance
    print("Verdict: they agree." if is_right else "Verdict: THEY DO NOT AGREE.")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
