"""A page in the browser of whoever sits at this machine."""

from __future__ import annotations

import os
import sys


def open_page(url: str) -> bool:
    """Open it, where there is a display; a browser that is made of text would take our terminal."""
    if sys.platform not in ("win32", "darwin") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    import webbrowser

    try:
        browser = webbrowser.get()
        if type(browser) is webbrowser.GenericBrowser:
            return False
        return browser.open(url)
    except webbrowser.Error:
        return False
