"""Holdall: collect static artifacts for coding agents and deploy them into projects."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__version__ = "0.1.0"


def lazy_exports(
    package: str, modules: "Mapping[str, tuple[str, ...]]"
) -> "tuple[Callable[[str], object], list[str]]":
    """Return a package's `__getattr__` (PEP 562) and `__all__`, so that it imports on demand.

    `modules` are the package's modules, each with the names that the package offers from it. A
    command then imports only the modules that it uses:

        __getattr__, __all__ = lazy_exports(__name__, {"hashing": ("FileDigest", "tree_hash")})
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        import sys
        from importlib import import_module

        value: object = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, sorted(homes)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from typing import NamedTuple as NamedTuple
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a class a dataclass whose methods are those below.

        Python's own compiles six methods for each class, which takes ten times as long at each
        start. In all else this is Python's, also for `fields`, `replace` and type checkers.
        """
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, slots=slots, eq=eq)
        from dataclasses import MISSING, dataclass as declare

        cls = declare(cls, init=False, repr=False, eq=False, slots=slots)
        fields = cls.__dataclass_fields__.values()
        defaults = {one.name: one.default for one in fields if one.default is not MISSING}
        makers = {
            one.name: one.default_factory for one in fields if one.default_factory is not MISSING
        }
        puts = [getattr(cls, name).__set__ for name in cls.__match_args__] if slots else None
        init = _make_init(cls.__match_args__, defaults, makers, puts)
        methods = {"__init__": init, "__repr__": _repr}
        if eq:
            methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse, "__reduce__": _reduce}
        for name in methods.keys() - cls.__dict__.keys():
            setattr(cls, name, methods[name])
        return cls

    def _make_init(names, defaults, makers, puts):
        """Return a class's `__init__`; `puts` fill its slots in half the time, if it has slots."""

        def __init__(self, *args, **given):
            put = object.__setattr__
            if puts is None:
                for name, value in zip(names, args, strict=False):
                    put(self, name, value)
            else:
                for fill, value in zip(puts, args, strict=False):
                    fill(self, value)
            for name in names[len(args) :]:
                if name in given:
                    put(self, name, given.pop(name))
                elif name in defaults:
                    put(self, name, defaults[name])
                elif name in makers:
                    put(self, name, makers[name]())
                else:
                    raise TypeError(f"{type(self).__name__}: no value for {name!r}")
            if given or len(args) > len(names):
                raise TypeError(f"{type(self).__name__}: values for {', '.join(names)} only")
            if hasattr(self, "__post_init__"):
                self.__post_init__()

        return __init__

    def _values(self):
        fields = self.__dataclass_fields__.values()
        return tuple([getattr(self, field.name) for field in fields if field.compare])

    def _eq(self, other):
        return _values(self) == _values(other) if type(self) is type(other) else NotImplemented

    def _hash(self):
        return hash(_values(self))

    def _repr(self):
        names = [field.name for field in self.__dataclass_fields__.values() if field.repr]
        return f"{type(self).__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    def _reduce(self):
        return type(self), tuple([getattr(self, name) for name in self.__match_args__])

    def _refuse(self, name, *_):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"{type(self).__name__}: {name!r} does not change")

    class _NamedTuples(type):
        """Makes a class whose base is `NamedTuple` by `collections.namedtuple`."""

        def __new__(cls, name, bases, given):
            if not bases:
                return super().__new__(cls, name, bases, given)
            from collections import namedtuple

            types = given.pop("__annotations__", {})
            defaults = [given.pop(field) for field in types if field in given]
            made = namedtuple(name, types, defaults=defaults, module=given.pop("__module__"))
            made.__annotations__ = types
            for key, value in given.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_NamedTuples):
        """Makes a named tuple, in half the time of `typing`'s, which compiles each type."""
