"""Holdall: collect static artifacts for coding agents and deploy them into projects."""

__version__ = "0.1.0"
