"""Tables of numbers, one or many behind one another."""

import numpy as np
import pytest

from tinygrad_np import viz


def test_numbers_are_written_as_they_are():
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[1.0, -2.5], [np.nan, 1000]], "some", "red")
    assert [text.get_text() for text in axes.texts] == ["1", "-2.5", "1000"]
    assert [text.get_position() for text in axes.texts] == [(0, 0), (1, 0), (1, 1)]
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[0.0, -0.0]])
    assert [text.get_text() for text in axes.texts] == ["0", "0"]
    with pytest.raises(ValueError, match=r"numbers: takes .* not shape \(3,\)"):
        viz.numbers(axes, [1, 2, 3])


@pytest.mark.parametrize("colour", ["red", "green", "blue", "gray", "black", "tab:blue"])
def test_the_sign_of_a_number_shows(colour):
    """−104 and 104 are not the same blue, 0 is white, and black digits can be read on all."""
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[-104, 0, 104, np.nan]], "", colour)
    [mesh] = axes.collections
    below, zero, above = mesh.to_rgba(mesh.get_array())[0, :3, :3]
    assert np.allclose(zero, 1, atol=0.01)
    assert np.max(np.abs(below - above)) > 0.2
    for cell in (below, zero, above):
        light = np.where(cell <= 0.04045, cell / 12.92, ((cell + 0.055) / 1.055) ** 2.4)
        contrast = (light @ [0.2126, 0.7152, 0.0722] + 0.05) / 0.05  # with black, as in WCAG 2
        assert contrast > 4.5
    assert [text.get_text() for text in axes.texts] == ["-104", "0", "104"]


def test_numbers_of_no_colour():
    with pytest.raises(ValueError, match="matplotlib knows no colour 'rouge'"):
        viz.numbers(viz.figure(2, 2).subplots(), [[1.0]], "", "rouge")


def test_boxes_frame_their_cells():
    axes = viz.figure(2, 2).subplots()
    viz.box(axes, 4, 3, 5, 3)
    viz.box(axes, 0, 0, 1, 1, dashed=True)
    one, two = axes.patches
    assert (one.get_xy(), one.get_width(), one.get_height()) == ((2.5, 3.5), 3, 5)
    assert [patch.get_linestyle() for patch in (one, two)] == ["-", "--"]
    with pytest.raises(ValueError, match="goes around one cell or more, not 0 by 2"):
        viz.box(axes, 0, 0, 0, 2)


class TestDepthStacks:
    def shown(self, axes):
        return {text.get_text() for text in axes.texts}

    def test_what_is_in_front_is_written_and_of_the_rest_what_can_be_seen(self):
        values = np.arange(4 * 5 * 3.0).reshape(4, 5, 3)
        axes = viz.depth_stack(None, values, "three")
        expected = {f"{x:g}" for x in values[..., 0].ravel()}
        for behind in (values[..., 1], values[..., 2]):
            expected |= {f"{x:g}" for x in [*behind[0], *behind[:, -1]]}
        assert self.shown(axes) == expected
        assert axes.get_title() == "three"
        places = {text.get_text(): text.get_position() for text in axes.texts}
        assert places["0"] == (0, 0)
        assert places["2"] == (2, -2)  # two steps to the right, and up

    @pytest.mark.parametrize("step", [0.25, 0.5, 1.0, 1.5, 2.0, 4.0])
    def test_a_number_is_written_where_no_nearer_table_covers_its_cell(self, step):
        rows, columns, depth = 3, 4, 5
        values = np.arange(float(rows * columns * depth)).reshape(rows, columns, depth)
        expected = set()
        for i, j, k in np.ndindex(values.shape):
            row, column = i - k * step, j + k * step  # the cell's first corner
            covered = any(
                row + 1 > -n * step
                and row < rows - n * step
                and column + 1 > n * step
                and column < columns + n * step
                for n in range(k)
            )
            if not covered:
                expected.add(f"{values[i, j, k]:g}")
        assert self.shown(viz.depth_stack(None, values, step=step)) == expected

    def test_all_have_one_scale_and_colours_of_their_own(self):
        values = np.stack([np.full((2, 2), float(k)) for k in (1, 2, -4)], -1)
        axes = viz.depth_stack(None, values, colour=["red", "green", "blue"])
        meshes = axes.collections[::-1]  # the one in front is drawn last
        assert [mesh.get_clim() for mesh in meshes] == [(-4, 4)] * 3
        red, green, _ = [mesh.to_rgba(np.array([4.0]))[0, :3] for mesh in meshes]
        assert np.argmax(red) == 0
        assert np.argmax(green) == 1

    def test_what_is_not_finite(self):
        values = np.array([[[np.nan, 1.0], [np.inf, 2.0]]])
        assert self.shown(viz.depth_stack(None, values)) == {"inf", "1", "2"}

    @pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 2, 0), (1, 2, 2, 2)])
    def test_shapes_that_are_none(self, shape):
        with pytest.raises(
            ValueError, match=r"^depth_stack: takes \(rows, columns, depth\) numbers"
        ):
            viz.depth_stack(None, np.zeros(shape))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"step": 0}, "step is a number of cells above 0, not 0"),
            ({"step": np.inf}, "step is a number of cells above 0, not inf"),
            ({"colour": ["red"]}, "2 tables need as many colours, not 1"),
            ({"colour": "rouge"}, "matplotlib knows no colour 'rouge'"),
        ],
    )
    def test_options_that_make_no_sense(self, options, told):
        with pytest.raises(ValueError, match=f"^depth_stack: {told}"):
            viz.depth_stack(None, np.zeros((2, 2, 2)), **options)
