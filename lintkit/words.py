"""Words that the command line, the configuration and every report have in common."""

from __future__ import annotations

from typing import Final

PROFILES: Final = ("production", "lab")
"""How severe policies are; the first is the usual one."""
SEVERITIES: Final = ("error", "warning", "info")
"""Severities, gravest first."""
