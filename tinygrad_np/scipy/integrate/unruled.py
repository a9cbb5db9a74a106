"""What takes no Tensor in `scipy.integrate`."""

from ..mirror import refused

ROWS = ()
REFUSED = {
    **refused(
        "integrate",
        "it keeps plain numbers and steps on demand; solve_ivp has a derivative",
        "BDF DOP853 DenseOutput LSODA OdeSolution OdeSolver RK23 RK45 Radau complex_ode ode",
    ),
    **refused(
        "integrate",
        "it has no derivative rule; solve_ivp and a root of the end's values have one",
        "solve_bvp",
    ),
    **refused(
        "integrate",
        "it has no derivative rule; quad and nquad have one",
        "cubature qmc_quad quadrature romberg tanhsinh",
    ),
    **refused("integrate", "it has no derivative rule; np.sum of its terms has one", "nsum"),
    **refused(
        "integrate",
        "its nodes and weights are constants; pass plain numbers, such as t.data",
        "lebedev_rule newton_cotes",
    ),
    **refused(
        "integrate",
        "it is an old name; use trapezoid, simpson or cumulative_trapezoid",
        "cumtrapz simps trapz",
    ),
}
