"""linear_scan: the recurrence beneath the derivatives of running products."""

from typing import Any

import numpy as np

from .dispatch import array_function


@array_function
def linear_scan(factors: Any, terms: Any) -> Any:
    """y with y₀ = b₀ and yᵢ = fᵢ·yᵢ₋₁ + bᵢ along the last axis, for factors f and terms b.

    Both have one shape; f₀ plays no part. It takes log₂ n steps over the whole array, each of which
    doubles how far back yᵢ reaches (Hillis and Steele, 1986); nothing is divided, so it is exact
    with zeros among the factors.

    >>> linear_scan(np.array([0.0, 2.0, 3.0]), np.array([1.0, 1.0, 10.0]))
    array([ 1.,  3., 19.])
    """
    reached = np.array(terms, np.result_type(factors, terms))
    factors = np.array(factors, reached.dtype)
    width = 1
    while width < reached.shape[-1]:
        # yᵢ so far goes back to i − width + 1; the product of as many factors takes it further.
        reached[..., width:] += factors[..., width:] * reached[..., :-width]
        factors[..., width:] = factors[..., width:] * factors[..., :-width]
        width *= 2
    return reached
