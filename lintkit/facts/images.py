"""Facts about images: the parts of a reference, and the OpenStack releases that one chart's images name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Dict
from typing import Final

from lintkit.records import NamedTuple
from lintkit.subjects.environment import Environment, Fact, NotKnown, once
from lintkit.subjects.model import Subject
from lintkit.text.regex import regex
from lintkit.yamldoc.node import Json, Scalar, string, text
from lintkit.yamldoc.unknowns import unknown_reason

_ROOK_IMAGES: Final = {"rook/ceph": "Rook image", "ceph/ceph": "Ceph image"}
_POD_OWNERS: Final = ("Deployment", "DaemonSet", "StatefulSet")
_RELEASE: Final = regex(r"(?<![\d.])(20\d\d\.[12])(?![\d.]*\d)")
_MAJOR: Final = regex(r"v?(\d+)")


class Reference(NamedTuple):
    """An image reference in parts; ``registry`` is docker.io where none is written, ``tag`` and ``digest`` may be empty."""

    registry: str
    repository: str
    tag: str
    digest: str


def reference(image: str) -> Reference:
    """The parts of an image reference (distribution/reference: a first part with a dot or port, or localhost, is a registry)."""
    name, _, digest = image.strip().partition("@")
    head, slash, rest = name.partition("/")
    is_registry = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, path = (head, rest) if is_registry else ("docker.io", name)
    repository, _, tag = path.partition(":")
    return Reference(registry, repository, tag, digest)


def image_parts(subject: Subject, environment: Environment) -> Json | NotKnown:
    """The reference of a Container's image: ``registry``, ``repository``, ``tag`` and ``digest`` (empty for none)."""
    node = subject.object.get("image")
    reason = unknown_reason(node)
    if reason:
        return NotKnown(f"the image is not known ({reason})")
    # a number or nothing is no reference: the API server says so itself
    if not isinstance(node, Scalar) or not (string(node) or "").strip():
        return NotKnown("the image is no text")
    return dict(reference(node.text)._asdict())


def repeats_default(subject: Subject, environment: Environment) -> Json:
    """Whether an earlier image of the same chart has the same tag and is a chart default too: one finding speaks for both."""
    if subject.facts.get("default") is not True:
        return False
    return _first_defaults(environment).get(_default(subject), subject.id) != subject.id


@once
def _first_defaults(environment: Environment) -> dict[tuple[str, str], str]:
    """The first image of a chart that is its default, by the chart's release and the tag."""
    found: dict[tuple[str, str], str] = {}
    for container in environment.by_kind.get("Container", ()):
        if container.facts.get("default") is True:
            found.setdefault(_default(container), container.id)
    return found


def _default(container: Subject) -> tuple[str, str]:
    return _chart(container), reference(text(container.object.get("image")) or "").tag


def _chart(container: Subject) -> str:
    return container.id.rpartition("/")[0]


def mixed_releases(subject: Subject, environment: Environment) -> Json:
    """Images of long-running containers of a chart whose OpenStack release is not the one most of them name.

    One item each: ``of``, ``chart``, ``name``, ``image``, ``release``, ``usual`` (the release of most; of several the newest),
    ``wanted`` (the image with that release), ``default`` (the chart's, not written by anybody) and ``others``
    (``of``, ``name`` and ``release`` of those that differ). Where the chart line is not known only what is
    written counts.
    """
    charts: dict[str, list[tuple[Subject, str]]] = {}
    for container in environment.by_kind.get("Container", ()):
        if text(container.object.get("form")) != "chart" or container.facts.get("long_running") is not True:
            continue
        if container.facts.get("default") is True and container.facts.get("defaults_exact") is not True:
            continue
        image = container.object.get("image")
        if isinstance(image, Scalar) and not unknown_reason(image) and (match := _RELEASE.search(reference(image.text).tag)):
            charts.setdefault(_chart(container), []).append((container, match[1]))
    found: list[Json] = []
    for members in charts.values():
        counts = Counter(release for _, release in members)
        usual = max(counts, key=lambda release: (counts[release], release))
        if len(counts) > 1 and any(container.facts.get("default") is not True for container, _ in members):
            found += [_odd(container, release, usual, members) for container, release in members if release != usual]
    return found


def _odd(container: Subject, release: str, usual: str, members: list[tuple[Subject, str]]) -> Json:
    image = text(container.object.get("image")) or ""
    head, _, tag = image.rpartition(":")
    return {
        "of": container.id,
        "chart": text(container.object.get("owner")) or "",
        "name": text(container.object.get("name")) or "",
        "image": image,
        "release": release,
        "usual": usual,
        "wanted": f"{head}:{tag.replace(release, usual)}" if "@" not in image else "",
        "default": container.facts.get("default") is True,
        "others": [
            {"of": c.id, "name": text(c.object.get("name")) or "", "release": r}
            for c, r in members
            if r != release and not c.facts["default"]
        ],
    }


def image_item(what: str, path: str, image: str) -> dict[str, Json]:
    """An image of Rook or Ceph as ``images`` lists it; ``point`` and ``full`` empty."""
    tag = reference(image).tag
    match = _MAJOR.match(tag)
    parts: dict[str, Json] = {"what": what, "path": path, "text": image, "tag": tag, "digest": "@" in image}
    return {**parts, "major": int(match[1]) if match else 0, "point": "", "full": ""}


def rook_images(subject: Subject, environment: Environment) -> Json:
    """The image of a Rook operator or Ceph toolbox that is written as a Deployment, where it has a tag (see rook_versions)."""
    node = subject.object.get("image")
    image = text(node) or ""
    what = _ROOK_IMAGES.get(reference(image).repository)
    if what is None or subject.resource.kind not in _POD_OWNERS or unknown_reason(node) or not reference(image).tag:
        return []
    return [image_item(what, "image", image)]


FACTS: Final[Dict[str, Dict[str, Fact]]] = {
    "Container": {"images": rook_images, "reference": image_parts, "repeats_default": repeats_default},
    "Environment": {"mixed_releases": mixed_releases},
}
