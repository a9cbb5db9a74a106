"""The closed form as a whole: every function of it shows an example."""

from tinygrad_np import closed_form


def test_every_public_name_has_an_example():
    for name in closed_form.__all__:
        assert f">>> {name}(" in getattr(closed_form, name).__doc__ or (
            f" = {name}(" in getattr(closed_form, name).__doc__
        )
