"""Classes of lintkit.records behave as those of the standard library do."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property

import pytest

from lintkit.records import NamedTuple, dataclass, field, names_of, replace


class Point(NamedTuple):
    """A point."""

    x: int
    y: int = 2

    @property
    def sum(self) -> int:
        return self.x + self.y

    def __str__(self) -> str:
        return f"{self.x}/{self.y}"


class Named(Point):
    """A subclass adds no fields."""


class Empty(NamedTuple):
    pass


@dataclass(frozen=True, slots=True)
class Frozen:
    """Frozen."""

    name: str
    parts: tuple[int, ...] = ()
    note: str = field(default="", repr=False, compare=False)


@dataclass(slots=True)
class Open:
    names: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Lazy:
    base: int
    index: int = 1

    @cached_property
    def twice(self) -> int:
        return 2 * self.base


def test_a_named_tuple_is_a_tuple_with_names() -> None:
    point = Point(1)
    assert point == (1, 2) == Point(y=2, x=1)
    assert (point.x, point.y, point.sum, str(point)) == (1, 2, 3, "1/2")
    assert point._fields == ("x", "y") == Point.__match_args__
    assert point._asdict() == {"x": 1, "y": 2}
    assert point._replace(y=5) == Point(1, 5)
    assert Point._make([3, 4]) == Point(3, 4)
    assert hash(point) == hash((1, 2))
    assert repr(point) == "Point(x=1, y=2)"
    assert Point.__doc__ == "A point."
    assert Empty() == ()


def test_a_subclass_of_a_named_tuple_makes_its_own_objects() -> None:
    named = Named(1, y=3)
    assert type(named) is Named
    assert named.sum == 4
    assert type(Point(1)) is Point


def test_a_named_tuple_refuses_what_it_has_no_field_for() -> None:
    with pytest.raises(TypeError, match=r"__new__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Point has 2 fields, not 3"):
        Point._make([1, 2, 3])
    with pytest.raises(ValueError, match="Point has no field z"):
        Point(1)._replace(z=2)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]


def test_a_dataclass_keeps_compares_and_shows_its_fields() -> None:
    one = Frozen("a", (1,), note="here")
    assert (one.name, one.parts, one.note) == ("a", (1,), "here")
    assert one == Frozen(name="a", parts=(1,))
    assert one != Frozen("a")
    assert one.__eq__(("a", (1,))) is NotImplemented
    assert hash(one) == hash(Frozen("a", (1,), "there"))
    assert repr(one) == "Frozen(name='a', parts=(1,))"
    assert names_of(Frozen) == ("name", "parts", "note")
    assert replace(one, parts=()) == Frozen("a")
    assert replace(one, parts=()).note == "here"


def test_a_frozen_object_cannot_be_changed() -> None:
    one = Frozen("a")
    with pytest.raises(AttributeError, match=r"Frozen\.name cannot be changed"):
        one.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Frozen\.name cannot be changed"):
        del one.name
    assert not hasattr(one, "__dict__")


def test_what_is_made_anew_is_shared_by_no_two_objects() -> None:
    one, other = Open(), Open()
    one.names.append("a")
    one.count += 1
    assert (one.names, one.count, other.names, other.count) == (["a"], 1, [], 0)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_an_object_without_slots_remembers_what_it_computed() -> None:
    lazy = Lazy(4)
    assert (lazy.twice, lazy.__dict__["twice"], Lazy.index) == (8, 8, 1)
    assert lazy == Lazy(4)


@pytest.mark.parametrize("value", [Point(1, 3), Named(2), Frozen("a", (1,), "n"), Open(["x"], 2), Lazy(3)])
def test_objects_are_copied_and_sent_to_other_processes(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(pickle.loads(pickle.dumps(value))) is type(value)
    assert copy.copy(value) == value


def test_an_argument_too_many_or_too_few_is_an_error() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Frozen()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        Frozen("a", other=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        replace(Frozen("a"), other=1)  # type: ignore[call-arg]


def test_classes_match_by_position() -> None:
    match Frozen("a", (1,)):
        case Frozen(name, parts):
            assert (name, parts) == ("a", (1,))
        case _:
            pytest.fail("no match")
    match Point(1):
        case Point(x, y):
            assert (x, y) == (1, 2)
