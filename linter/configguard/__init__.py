"""What vitest, jest and Playwright configs really do, worked out without running them."""

__version__ = "0.1.0"
