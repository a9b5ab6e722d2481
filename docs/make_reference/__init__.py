"""Makes the pages below `docs/reference` from the code, each with a module of its own.

`make docs` writes all of them; a test tells when one is due. They depend on the code alone: not on the
machine, the installed plugins or the version of Python.
"""
