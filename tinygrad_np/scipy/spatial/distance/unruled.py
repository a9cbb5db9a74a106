"""What is locally constant in `scipy.spatial.distance`, and what takes no Tensor."""

from ...mirror import constants, refused

_MODULE = "spatial.distance"

ROWS = (
    *constants(
        _MODULE,
        "it compares elements: the result jumps where it changes",
        "is_valid_dm is_valid_y num_obs_dm num_obs_y",
    ),
)
REFUSED = {
    **refused(
        _MODULE,
        "it has no rule by its weights, and jumps where elements change; pass t.data",
        "hamming jaccard",
    ),
    **refused(
        _MODULE,
        "it takes truth values, which have no derivative; compare first, such as t.data > 0",
        "dice kulczynski1 rogerstanimoto russellrao sokalmichener sokalsneath yule",
    ),
    **refused(
        _MODULE,
        "it chooses the points as it goes; np.max(np.min(cdist(u, v), 1)) is its distance",
        "directed_hausdorff",
    ),
}
