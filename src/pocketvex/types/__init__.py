"""TypeScript from a schema."""

from pocketvex.types.render import render_client, render_types

__all__ = ["render_client", "render_types"]
