"""Jifen: the loyalty engine that a retailer runs itself."""

__version__ = "0.1.0"
