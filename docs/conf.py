"""Sphinx's settings: ``python docs/build.py`` builds the site with them, and checks it."""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]

import tinygrad_np  # noqa: E402

project = "tinygrad_np"
author = "the tinygrad_np developers"
version = release = tinygrad_np.__version__
language = "en"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "formulas",
    "programs",
    "reference",
    "rules_table",
    "source",
]
exclude_patterns = ["_ext", "tutorials/stored", "gallery/*.ipynb", "gallery/*.py"]
nitpicky = True  # a name in single backticks that is not on the site is text: `reference`
smartquotes = False
show_warning_types = True

# Pages of Markdown: those with a kernel in their first lines are executed.
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True
nb_ipywidgets_js: dict[
    str, dict[str, str]
] = {}  # a script from elsewhere, for pages that have none of these

# Docstrings: what is in them is shown, in the order of numpydoc's sections.
default_role = "py:obj"
autodoc_inherit_docstrings = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples/gallery"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"plot_",
    "ignore_pattern": r"__init__\.py",
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 10_000,
    "write_computation_times": False,
    "remove_config_comments": True,
    "capture_repr": ("_repr_html_", "__repr__"),
}

html_theme = "pydata_sphinx_theme"
html_title = "tinygrad_np"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None
html_show_copyright = False
html_sidebars: dict[str, list[str]] = {"index": [], "how/rules_table": [], "reference/api/*": []}
html_theme_options = {
    "logo": {"text": "tinygrad_np"},
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_nav_level": 1,
    "navigation_depth": 2,
    "collapse_navigation": True,
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": False,
}


def without_last_lines(app: Sphinx, doctree: nodes.document) -> None:
    """Blocks of code without the empty line that ends an example of doctest before its fence."""
    for block in doctree.findall(nodes.literal_block):
        if len(block) == 1 and block.rawsource == block.astext():
            block.rawsource = block.rawsource.rstrip()
            block[0] = nodes.Text(block.rawsource)


def with_whole_figures(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Cards of the gallery show the figure, which site.css crops, and not a small picture of it."""
    if pagename == "gallery/index":
        context["body"] = context["body"].replace("_thumb.png", "_001.png")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", with_whole_figures)
    app.connect("doctree-read", without_last_lines)
