"""What of `scipy.interpolate` takes no Tensor."""

from ..mirror import refused

ROWS = ()

_FITPACK = (
    "FITPACK chooses the knots by the values, and its coefficients are plain numbers; use "
    "interpolate.make_interp_spline, or interpolate.CubicSpline"
)
_SURFACE = (
    "FITPACK's coefficients are plain numbers; use interpolate.RegularGridInterpolator(points, "
    "values, 'cubic') on a grid, and interpolate.RBFInterpolator of scattered values"
)

REFUSED = {
    **refused(
        "interpolate",
        _FITPACK,
        "UnivariateSpline InterpolatedUnivariateSpline LSQUnivariateSpline splrep splprep "
        "make_splrep make_splprep generate_knots make_smoothing_spline make_lsq_spline",
    ),
    **refused(
        "interpolate",
        _SURFACE,
        "BivariateSpline RectBivariateSpline SmoothBivariateSpline LSQBivariateSpline "
        "RectSphereBivariateSpline SmoothSphereBivariateSpline LSQSphereBivariateSpline bisplrep "
        "bisplev interp2d",
    ),
    **refused(
        "interpolate",
        "a tuple of knots, coefficients and degree has no rule; use interpolate.BSpline(t, c, k), "
        "and its derivative, antiderivative and integrate",
        "splev spalde splint splder splantider",
    ),
    **refused(
        "interpolate",
        "roots and knots of a spline have no rule; use the spline of arrays, such as c.data",
        "sproot insert",
    ),
    **refused(
        "interpolate",
        "polynomials through all points have no rule; use np.polynomial.polynomial.polyfit, or "
        "interpolate.CubicSpline",
        "BarycentricInterpolator KroghInterpolator barycentric_interpolate krogh_interpolate "
        "lagrange FloaterHormannInterpolator approximate_taylor_polynomial",
    ),
    **refused(
        "interpolate",
        "a rational approximation has no rule; solve for its coefficients by np.linalg.solve",
        "AAA pade",
    ),
    **refused(
        "interpolate",
        "it has no rule; use interpolate.PPoly, whose coefficients are those of powers",
        "BPoly",
    ),
    **refused(
        "interpolate",
        "it has no rule; use interpolate.RegularGridInterpolator",
        "NdBSpline NdPPoly",
    ),
    **refused(
        "interpolate",
        "it has no rule; use interpolate.LinearNDInterpolator or interpolate.RBFInterpolator",
        "CloughTocher2DInterpolator Rbf",
    ),
}
