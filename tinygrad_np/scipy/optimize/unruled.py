"""What of `scipy.optimize` has no derivative: searches, programs, tools of the methods."""

from ..mirror import constants, refused

_FITS = "it searches without derivatives; take optimize.minimize, or t.data for a constant"
_OLDER = "it is an older form; take optimize.minimize, with its method"
_ROOTS = "it finds a root by one of several methods; take optimize.root, with its method"
_PROGRAMS = "its solution jumps from corner to corner; pass t.data for a constant"
_TOOLS = "it is a part of the methods; take optimize.minimize, or tg.grad for a gradient"

ROWS = (
    *constants("optimize", "an assignment jumps and is constant in between",
               "linear_sum_assignment quadratic_assignment"),
)  # fmt: skip

REFUSED = {
    **refused("optimize", _FITS,
              "basinhopping brute differential_evolution direct dual_annealing shgo"),
    **refused("optimize", _OLDER,
              "fmin fmin_bfgs fmin_cg fmin_cobyla fmin_l_bfgs_b fmin_ncg fmin_powell fmin_slsqp "
              "fmin_tnc fminbound golden brent leastsq lsq_linear isotonic_regression"),
    **refused("optimize", _ROOTS,
              "anderson broyden1 broyden2 diagbroyden excitingmixing fsolve linearmixing "
              "newton_krylov BroydenFirst InverseJacobian KrylovJacobian"),
    **refused("optimize", _PROGRAMS, "linprog milp"),
    **refused("optimize", _TOOLS,
              "BFGS Bounds HessianUpdateStrategy LbfgsInvHessProduct LinearConstraint "
              "OptimizeResult RootResults SR1 approx_fprime bracket check_grad line_search "
              "linprog_verbose_callback show_options rosen rosen_der rosen_hess rosen_hess_prod"),
}  # fmt: skip
