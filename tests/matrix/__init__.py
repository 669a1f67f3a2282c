"""Client libraries and tools that cannot live beside the tests: other versions, other languages.

Each is fetched by its own package manager into a work directory, and does what its users do against one broker.
``python -m tests.matrix --help`` says how; ``.ci/run`` runs all of it.
"""
