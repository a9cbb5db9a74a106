"""Of this folder pytest runs the examples in the pages; the site's machinery has tests/test_docs_site.py."""

collect_ignore_glob = ["*.py", "*/*.py"]
