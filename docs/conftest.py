"""Of this folder, pytest runs the examples in the pages; tests/test_docs_site.py has the rest."""

collect_ignore_glob = ["*.py", "*/*.py"]
