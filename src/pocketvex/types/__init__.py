"""TypeScript from a schema."""

from pocketvex.types.render import render_types

__all__ = ["render_types"]
