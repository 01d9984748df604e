"""PocketVex: the schema of a PocketBase, declared in Python."""

__version__ = "0.1.0"
