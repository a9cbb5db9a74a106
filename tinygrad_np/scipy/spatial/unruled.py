"""What takes no Tensor in `scipy.spatial`: all but `spatial.distance`."""

from ..mirror import refused

ROWS = ()
REFUSED = {
    **refused(
        "spatial",
        "it keeps plain numbers; pass t.data, and compute with what it finds by t[indices]",
        "ConvexHull Delaunay HalfspaceIntersection KDTree Rectangle SphericalVoronoi Voronoi "
        "cKDTree tsearch",
    ),
    **refused(
        "spatial",
        "it is not written here; spatial.distance.cdist(x, y, 'minkowski', p=p) has a derivative",
        "distance_matrix minkowski_distance minkowski_distance_p",
    ),
    **refused(
        "spatial",
        "it is not written here; np.linalg.svd has a derivative, by which it is a few lines",
        "procrustes",
    ),
    **refused(
        "spatial",
        "it is not written here; (sin((1 − t)ω) a + sin(tω) b)/sin ω is a line of NumPy",
        "geometric_slerp",
    ),
    **refused(
        "spatial",
        "it draws a picture; pass it what was made of plain arrays",
        "convex_hull_plot_2d delaunay_plot_2d voronoi_plot_2d",
    ),
}
