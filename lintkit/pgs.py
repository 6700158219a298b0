"""`lintkit pgs`: predictions of the PG autoscaler as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lintkit.errors import LintkitError
from lintkit.facts.ceph.whatif import answer


def what_if_answer(file: Path, *, as_json: bool) -> str:
    """The prediction for the cluster that a JSON file describes. LintkitError when the file is no such description."""
    try:
        data = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise LintkitError("no such file", str(file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise LintkitError(f"cannot be read: {error}", str(file)) from None
    except json.JSONDecodeError as error:
        raise LintkitError(f"is no JSON: {error.msg}", str(file), error.lineno) from None
    try:
        result: Any = answer(data)
    except LintkitError as error:
        raise LintkitError(str(error), str(file)) from None
    if as_json:
        return json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    return _text(result)


def _text(result: Any) -> str:
    if "error" in result:
        return f"Ceph's autoscaler fails on this cluster: {result['error']}\n"
    lines = [f"{'pool':32} {'pg_num':>7} {'wanted':>7}  note"]
    for name, pool in result["pools"].items():
        note = pool.get("skipped") or ("will change" if pool.get("would_adjust") else "")
        lines.append(f"{name:32} {pool.get('pg_num_final') or '-'!s:>7} {pool.get('pg_num_wanted') or '-'!s:>7}  {note}".rstrip())
    if result["overlapping_roots"]:
        lines.append(f"overlapping CRUSH roots, left alone by the autoscaler: {', '.join(result['overlapping_roots'])}")
    lines.append(f"PG replicas per OSD, mean: {result['mean_pg_replicas_per_osd']}")
    return "\n".join(lines) + "\n"
