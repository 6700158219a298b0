"""Whether a terminal gets colours and links."""

from __future__ import annotations

from collections.abc import Mapping


def use_color(flag: str, env: Mapping[str, str], isatty: bool) -> bool:
    """Whether to colour. ``flag`` is ``auto``, ``always`` or ``never``.

    In this order: the flag; ``NO_COLOR`` (not empty); ``FORCE_COLOR`` or ``CLICOLOR_FORCE`` (not empty, not ``0``);
    ``CLICOLOR=0``; a terminal that is not ``TERM=dumb`` (no-color.org, bixense.com/clicolors, force-color.org).
    """
    if flag in {"always", "never"}:
        return flag == "always"
    if env.get("NO_COLOR"):
        return False
    if any(env.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if env.get("CLICOLOR") == "0":
        return False
    return isatty and env.get("TERM") != "dumb"


def use_links(env: Mapping[str, str], isatty: bool) -> bool:
    """Whether to write OSC-8 hyperlinks: on a real terminal only, whatever colours are forced."""
    return isatty and env.get("TERM") != "dumb"
