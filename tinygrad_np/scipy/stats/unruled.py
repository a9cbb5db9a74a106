"""What of `scipy.stats` has no rule: locally constant functions, and what a Tensor must not reach.

Rank statistics are refused although they are locally constant: a loss made of one would not move.
"""

from ..mirror import constants, refused

ROWS = tuple(
    constants(
        "stats",
        "ranks jump where two values change places",
        "rankdata tiecorrect percentileofscore",
    )
)

_CLASSES = """
    a test's statistic has no rule; write it in NumPy, its p-value with sf of a distribution:
    alexandergovern anderson anderson_ksamp bartlett bws_test chi2_contingency chisquare
    combine_pvalues cramervonmises cramervonmises_2samp dunnett epps_singleton_2samp f_oneway
    false_discovery_control goodness_of_fit jarque_bera ks_1samp ks_2samp kstest kurtosistest levene
    logrank multiscale_graphcorr normaltest obrientransform poisson_means_test power
    power_divergence shapiro skewtest ttest_1samp ttest_ind ttest_ind_from_stats ttest_rel tukey_hsd

    it depends on the order of the values alone, and has derivative 0; use pearsonr, or t.data:
    ansari brunnermunzel chatterjeexi fligner friedmanchisquare kendalltau kruskal mannwhitneyu
    median_test mood page_trend_test quantile_test ranksums somersd spearmanr spearmanrho
    weightedtau wilcoxon

    it counts, and counts have no derivative; use t.data for a constant:
    barnard_exact binomtest boschloo_exact cumfreq ecdf estimated_cdf find_repeats fisher_exact mode
    relfreq

    it draws at random; draw numbers or indices with NumPy, and compute with them:
    BootstrapMethod MonteCarloMethod PermutationMethod bootstrap monte_carlo_test permutation_test
    rvs_ratio_uniforms sobol_indices

    it searches for its result; minimize -np.sum of logpdf, or boxcox_llf, yourself:
    boxcox_normmax boxcox_normplot expectile fit ppcc_max ppcc_plot probplot yeojohnson_normmax
    yeojohnson_normplot

    its values lie in no certain order, or are chosen by one; use np.sort and a slice, or trim_mean:
    differential_entropy lmoment siegelslopes sigmaclip theilslopes trim1 trimboth

    it sorts into bins; use np.histogram or np.bincount with weights:
    binned_statistic binned_statistic_2d binned_statistic_dd rv_histogram

    it is a quantile; use np.quantile:
    quantile scoreatpercentile

    it is an object of SciPy's new kind; use norm, gamma and the others, whose methods take Tensors:
    Binomial Logistic Mixture Normal Uniform abs exp log make_distribution order_statistic truncate

    it makes a distribution of SciPy's that takes no Tensor; write its density in NumPy:
    rv_continuous rv_discrete

    it keeps plain numbers; pass the matrix, or the values, as they are:
    CensoredData Covariance

    it has no rule; use describe, np.mean and np.var:
    bayes_mvs directional_stats kstat kstatvar mvsdist

    it has no rule; use pearsonr:
    pointbiserialr

    it is solved as a linear program; use wasserstein_distance in one dimension:
    wasserstein_distance_nd

    it is another name; use integrate.trapezoid:
    trapz
"""

REFUSED = {}
for _class in _CLASSES.strip().split("\n\n"):
    _reason, _names = _class.split(":\n")
    REFUSED.update(refused("stats", _reason.strip(), _names))
