"""What the tests do where NumPy or SciPy is newer than the newest that was tried."""

import sys

import pytest

from tinygrad_np.atlas.classification import NEWEST, is_newer


def without_a_class(library, names):
    """Fail if there are names of functions or arguments that have no class; skip if they are new.

    A user's first command is the tests, and must not fail on the day of a release: what is new has
    no rule, and a Tensor refuses it by name.
    """
    if names and is_newer(library):
        version = sys.modules[library].__version__
        pytest.skip(
            f"{library} {version} is newer than {NEWEST[library]}, the newest that was tried; "
            f"without a class, and refused by name: {', '.join(names)}"
        )
    assert not names
