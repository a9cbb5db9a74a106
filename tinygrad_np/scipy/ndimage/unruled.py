"""What of `scipy.ndimage` is locally constant, and what takes no Tensor."""

from ..mirror import constants, refused

ROWS = (
    *constants(
        "ndimage",
        "it depends on which elements are not zero",
        "binary_closing binary_dilation binary_erosion binary_fill_holes binary_hit_or_miss "
        "binary_opening binary_propagation distance_transform_cdt label "
        "find_objects value_indices generate_binary_structure iterate_structure",
    ),
    *constants("ndimage", "it is a place", "maximum_position minimum_position"),
    *constants("ndimage", "it counts", "histogram"),
    *constants("ndimage", "it jumps from one label to another", "watershed_ift"),
)

REFUSED = {
    **refused(
        "ndimage",
        "its distances have no rule by 'sampling', and are locally constant in the image; pass "
        "t.data",
        "distance_transform_bf distance_transform_edt",
    ),
    **refused(
        "ndimage",
        "it calls a function for each element, on plain numbers; use np.stack of shifted parts of "
        "np.pad(image, ...), and NumPy's functions of them",
        "generic_filter generic_filter1d vectorized_filter labeled_comprehension",
    ),
    **refused(
        "ndimage",
        "it writes into arrays by the function that it is given; use ndimage.correlate1d along "
        "each axis, and add the results, or their squares",
        "generic_laplace generic_gradient_magnitude",
    ),
    **refused(
        "ndimage",
        "it calls a function for each element, on plain numbers; use ndimage.map_coordinates",
        "geometric_transform",
    ),
    **refused(
        "ndimage",
        "a filter by a structure has no rule; for a flat one use ndimage.maximum_filter and "
        "ndimage.minimum_filter",
        "grey_closing grey_dilation grey_erosion grey_opening black_tophat white_tophat "
        "morphological_gradient morphological_laplace",
    ),
    **refused(
        "ndimage",
        "it has no rule; use np.max, np.min or np.median of image[labels == i]",
        "extrema maximum minimum median",
    ),
}
