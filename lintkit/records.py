"""``NamedTuple`` and ``dataclass`` as the standard library has them, made in a tenth of the time.

A run makes some two hundred and fifty classes before it reads its first file. The standard library compiles every annotation
of a named tuple and half a dozen methods of a dataclass, a fifth of a millisecond each; here a class gets its constructor
when the first object of it is made, and the other methods are shared. Type checkers see the originals. Left out is what
lintkit does not use: inheritance of fields, ``InitVar``, ``ClassVar``, ``__post_init__``, ordering, ``fields()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["NamedTuple", "dataclass", "field", "names_of", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
    from typing import NamedTuple

    def names_of(made: type) -> tuple[str, ...]:
        """The fields of a class made here, in their order."""

else:
    from _collections import _tuplegetter
    from operator import attrgetter

    _ABSENT = object()
    """The default of an argument whose default is made anew for every object."""

    def _constructor(name, names, defaults, body, known):
        """The function ``name`` with one parameter a field; ``body`` are its statements, ``known`` the other names in them."""
        parameters = ", ".join(f"{n}=_default_{n}" if n in defaults else n for n in names)
        space = {**known, **{f"_default_{n}": value for n, value in defaults.items()}}
        exec(f"def {name}(_self, {parameters}):\n    {body}", space)  # noqa: S102 - names of fields, as the standard library does
        return space[name]

    def _shown(made, pairs):
        return f"{type(made).__qualname__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    class _Tuple(tuple):
        """What every named tuple can do."""

        __slots__ = ()
        _fields = ()

        def __new__(cls, *values, **named):
            """Make the constructor of the class, then the first object of it."""
            owner = next(c for c in cls.__mro__ if "_fields" in vars(c))
            names = owner._fields
            body = f"return _new(_self, ({''.join(f'{n}, ' for n in names)}))"
            made = _constructor("__new__", names, owner._field_defaults, body, {"_new": tuple.__new__})
            owner.__new__ = staticmethod(made)
            return made(cls, *values, **named)

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
            return made

        def _replace(self, /, **changes):
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"{type(self).__name__} has no field {', '.join(changes)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return _shown(self, zip(self._fields, self, strict=True))

        def __getnewargs__(self):
            return tuple(self)

    class _NamedTuples(type):
        """Makes a named tuple of a class body."""

        def __new__(cls, name, bases, space):
            names = tuple(space.get("__annotations__", ()))
            defaults = {n: space[n] for n in names if n in space}
            getters = {n: _tuplegetter(number, None) for number, n in enumerate(names)}
            own = {"__slots__": (), "_fields": names, "_field_defaults": defaults, "__match_args__": names}
            return type(name, (_Tuple,), {**space, **getters, **own})

    NamedTuple = type.__new__(_NamedTuples, "NamedTuple", (), {"__doc__": "The base to write for a named tuple."})

    class _Field:
        """What is said of a field besides its type."""

        def __init__(self, default, factory, shown, compared):
            self.default, self.factory, self.shown, self.compared = default, factory, shown, compared

    def field(*, default=_ABSENT, default_factory=None, repr=True, compare=True):
        """A field with more to it than a type and a default."""
        return _Field(default, default_factory, repr, compare)

    def dataclass(cls=None, /, *, frozen=False, slots=False):
        """Make a dataclass of a class."""
        if cls is None:
            return lambda body: _dataclass(body, frozen, slots)
        return _dataclass(cls, frozen, slots)

    def _dataclass(cls, frozen, slots):
        space = {n: value for n, value in vars(cls).items() if n not in ("__dict__", "__weakref__")}
        names = tuple(space.get("__annotations__", ()))
        given = {n: space[n] for n in names if n in space}
        said = {n: v if isinstance(v, _Field) else _Field(v, None, True, True) for n, v in given.items()}
        for name, about in said.items():
            del space[name]
            if not slots and about.default is not _ABSENT:
                space[name] = about.default
        methods = {
            "__match_args__": names,
            "__eq__": _eq,
            "__repr__": _repr,
            "_said": said,
            "_key": _key,
            "__init__": _first,
            "__hash__": _hash if frozen else None,
        }
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if slots:
            methods |= {"__slots__": names, "__getstate__": _state, "__setstate__": _restore}
        made = type(cls)(cls.__name__, cls.__bases__, {**methods, **space})
        made._frozen = frozen
        return made

    def _first(self, *values, **named):
        """Make the constructor of the class, then use it."""
        cls = type(self)
        names, said = cls.__match_args__, cls._said
        defaults = {n: about.default if about.factory is None else _ABSENT for n, about in said.items()}
        defaults = {n: value for n, value in defaults.items() if said[n].factory or value is not _ABSENT}
        lines = []
        for name in names:
            made = name in said and said[name].factory is not None
            value = f"_make_{name}() if {name} is _ABSENT else {name}" if made else name
            lines.append(f"_set(_self, {name!r}, {value})" if cls._frozen else f"_self.{name} = {value}")
        known = {f"_make_{n}": about.factory for n, about in said.items() if about.factory}
        body = "\n    ".join(lines) or "pass"
        cls.__init__ = _constructor("__init__", names, defaults, body, {**known, "_set": object.__setattr__, "_ABSENT": _ABSENT})
        cls.__init__(self, *values, **named)

    def _key(self):
        """The values that count when two objects are compared; takes the place of itself as a getter."""
        cls = type(self)
        names = [n for n in cls.__match_args__ if n not in cls._said or cls._said[n].compared]
        get = attrgetter(*names) if len(names) > 1 else lambda made: tuple(getattr(made, n) for n in names)
        cls._key = lambda made: get(made)
        return get(self)

    def _eq(self, other):
        return self._key() == other._key() if type(other) is type(self) else NotImplemented

    def _hash(self):
        return hash(self._key())

    def _repr(self):
        said = type(self)._said
        return _shown(self, ((n, getattr(self, n)) for n in self.__match_args__ if n not in said or said[n].shown))

    def _refuse(self, name, *_):
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def _state(self):
        return [getattr(self, name) for name in self.__match_args__]

    def _restore(self, state):
        for name, value in zip(self.__match_args__, state, strict=True):
            object.__setattr__(self, name, value)

    def replace(made, /, **changes):
        """A copy of a dataclass object with other values."""
        kept = {n: getattr(made, n) for n in made.__match_args__ if n not in changes}
        return type(made)(**kept, **changes)

    def names_of(made):
        """The fields of a class made here, in their order."""
        return made.__match_args__
