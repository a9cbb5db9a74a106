"""The public docstrings in numpydoc's sections: complete, in order, and true to the signatures."""

import ast
import builtins
import importlib
import inspect

import pytest

import tinygrad_np as tg
from tinygrad_np.scipy.optimize import fits, roots, standard_errors

pytestmark = pytest.mark.whole

DONE = [
    "tinygrad_np",
    "tinygrad_np.check",
    "tinygrad_np.closed_form",
    "tinygrad_np.compat.autograd",
    "tinygrad_np.data",
    "tinygrad_np.export",
    "tinygrad_np.fast",
    "tinygrad_np.nn",
    "tinygrad_np.nn.init",
    "tinygrad_np.nn.schedules",
    "tinygrad_np.optim",
    "tinygrad_np.saving",
    "tinygrad_np.scipy.optimize",
    "tinygrad_np.training",
    "tinygrad_np.tree",
    "tinygrad_np.viz",
]
"""Modules whose public names are checked: functions, and the methods of classes."""

SECTIONS = [
    "Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns", "See Also", "Notes",
    "References", "Examples",
]  # fmt: skip


def sections_of(doc):
    """(title, underline, lines) of each section; the first has no title."""
    found = [("", "", [])]
    for line in inspect.cleandoc(doc).splitlines():
        if line and set(line) == {"-"}:
            found.append((found[-1][2].pop(), line, []))
        else:
            found[-1][2].append(line)
    return found


def entries_of(lines):
    """[name, type] of each entry: a line that is not indented, of one or several names."""
    entries = [line.partition(" : ")[::2] for line in lines if line and line[0] != " "]
    return [[name, kind] for names, kind in entries for name in names.split(", ")]


def parameters_of(function):
    """{name as numpydoc writes it: default}, without self."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    found = inspect.signature(function).parameters.values()
    return {stars.get(p.kind, "") + p.name: p.default for p in found if p.name != "self"}


def has_default(kind, default):
    """Whether the type of an entry has the parameter's default, or says that there is one."""
    says_so = kind.endswith((", optional", " by default"))
    given = kind.partition(", default ")[2]
    if default is inspect.Parameter.empty:
        return not (says_so or given)
    if says_so:
        name = getattr(default, "__name__", "<lambda>")  # of a function, or a dtype
        return name == "<lambda>" or name in kind
    try:
        return ast.literal_eval(given) == default
    except (SyntaxError, ValueError):  # no literal, or nothing
        return given == repr(default)


def is_error(name, function):
    """Whether a function that raises `name` can mean a class of that name."""
    own = getattr(inspect.unwrap(function), "__globals__", {})
    places = (vars(builtins), vars(tg), vars(tg.data), vars(tg.saving), own)
    found = next((place[name] for place in places if name in place), None)
    return isinstance(found, type) and issubclass(found, BaseException)


def faults(function, example_elsewhere=False):
    """What is wrong with a docstring, a sentence a fault.

    A method that begins with "As `numpy." is explained by NumPy, and has no sections.
    """
    doc = inspect.getdoc(function) or ""
    if example_elsewhere and doc.startswith("As `numpy."):
        return
    sections = sections_of(doc)
    head = sections[0][2]
    if not head or not head[0] or any(head[1:2]):
        yield "it does not open with a line and an empty one"
    titles = [title for title, _, _ in sections[1:]]
    if titles != [title for title in SECTIONS if title in titles]:
        yield f"the sections are {titles}"
    if any(len(title) != len(underline) for title, underline, _ in sections):
        yield "an underline has another length than its title"
    if any(lines[-1:] != [""] for _, _, lines in sections[:-1]):
        yield "a section has no empty line before its title"
    parts = {title: lines for title, _, lines in sections}
    parameters = parameters_of(function)
    entries = entries_of(parts.get("Parameters", []))
    if [name for name, _ in entries] != [*parameters]:
        yield f"the parameters are {[*parameters]}, not {[name for name, _ in entries]}"
    for name, kind in entries + entries_of(parts.get("Attributes", [])):
        if not kind:
            yield f"{name} has no type"
    for name, kind in entries:
        if name in parameters and not has_default(kind, parameters[name]):
            yield f"the default of {name} is {parameters[name]!r}"
    returned = parts.get("Returns", parts.get("Yields"))
    nothing = inspect.isclass(function) or inspect.signature(function).return_annotation in (
        "None",
        None,
    )
    if nothing is (returned is not None):
        yield "Returns is there for nothing" if nothing else "what it returns is not said"
    elif not nothing and not [*returned, ""][0][:1].strip():
        yield "what it returns has no type"
    for name, _ in entries_of(parts.get("Raises", [])):
        if not is_error(name, function):
            yield f"{name} is no exception"
    shown = parts.get("Examples", [] if parts.keys() & {*SECTIONS} else head)
    if not (example_elsewhere or any(line.startswith(">>> ") for line in shown)):
        yield "there is no example"


def names_of(module):
    """Its ``__all__``; of `scipy.optimize`, what is written in place of SciPy's own."""
    if module != "tinygrad_np.scipy.optimize":
        return importlib.import_module(module).__all__
    own = fits.OWN | roots.OWN | standard_errors.OWN
    # not those that are made from SciPy's, which have no page
    return [x.removeprefix("optimize.") for x, thing in own.items() if thing.__module__ != module]


def documented(module):
    """(name, function, whether its class shows the example) of what is public in a module."""
    for name in names_of(module):
        thing = getattr(importlib.import_module(module), name)
        if inspect.isfunction(thing):
            yield f"{module}.{name}", thing, False
        elif inspect.isclass(thing):
            if inspect.isfunction(vars(thing).get("__init__")):
                yield f"{module}.{name}", thing, False
            for method in [x for x in vars(thing) if x[0] != "_"]:
                if inspect.isfunction(vars(thing)[method]):
                    shown = ">>> " in (thing.__doc__ or "")
                    yield f"{module}.{name}.{method}", vars(thing)[method], shown


def is_there(module):
    """Whether the package has it: without the folder fast/ or debug/ it lacks what needs them."""
    names = module.split(".")
    return len(names) == 1 or hasattr(tg, names[1])


FOUND = [*filter(is_there, DONE)]
PUBLIC = {name: its for module in FOUND for name, *its in documented(module)}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_of(name):
    assert list(faults(*PUBLIC[name])) == []


def test_there_are_many():
    assert FOUND == DONE
    assert len(PUBLIC) > 120


# Of the checks themselves


def halved(x: object, *rest: object, axis: int = 0) -> object:
    """Half of `x`.

    Parameters
    ----------
    x : array_like
    *rest : object
        Not used.
    axis : int, default 0

    Returns
    -------
    array

    Raises
    ------
    ValueError
        Never.

    Examples
    --------
    >>> halved(1)
    """


def test_what_is_right_has_no_fault():
    assert list(faults(halved)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Half of `x`.\n\n", "Half of\n`x`.\n\n", "it does not open"),
        ("*rest", "rest", "the parameters are"),
        ("x : array_like\n*rest", "*rest, x", "the parameters are"),
        ("*rest : object", "*rest", "*rest has no type"),
        ("default 0", "default 1", "the default of axis is 0"),
        (", default 0", "", "the default of axis is 0"),
        ("array_like", "array_like, default 0", "the default of x is"),
        ("array_like", "array_like, optional", "the default of x is"),
        ("Returns\n-------", "Returns\n------", "an underline"),
        ("Returns\n-------\narray\n\n", "", "what it returns is not said"),
        ("-------\narray\n", "-------\n", "what it returns has no type"),
        ("-------\narray\n", "-------\n    An array.\n", "what it returns has no type"),
        ("array\n\n", "array\n", "a section has no empty line"),
        ("ValueError\n", "ValuError\n", "ValuError is no exception"),
        ("ValueError\n", "sections_of\n", "sections_of is no exception"),
        ("Raises\n------\n", "Errors\n------\n", "the sections are"),
        (">>> halved", "halved", "there is no example"),
    ],
)
def test_a_fault_is_found(monkeypatch, old, new, fault):
    text = inspect.cleandoc(halved.__doc__)  # from Python 3.13 on, it has no indentation
    assert old in text
    monkeypatch.setattr(halved, "__doc__", text.replace(old, new))
    assert next(faults(halved)).startswith(fault)


def test_sections_in_another_order_are_found(monkeypatch):
    head, returns, raises = inspect.cleandoc(halved.__doc__).partition("Returns")
    middle, examples, shown = raises.partition("Examples")
    monkeypatch.setattr(halved, "__doc__", head + examples + shown + "\n" + returns + middle)
    assert next(faults(halved)).startswith("the sections are ['Parameters', 'Examples', 'Returns'")
