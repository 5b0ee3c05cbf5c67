#!/usr/bin/env python
# A class is cut at its members.


@dataclass(
    frozen=True,
)
class Decorated(Base, metaclass=make()):

    """Docstring."""

    attribute: int = field(default=1)
    __slots__ = ()

    # A comment before the first method.
    @property
    @cache(maxsize=None)
    def first(self):
        class Local:
            def inner(self):
                return call(self)
        return Local()

    other = alias(first)
    if condition():
        def conditional(self):
            return one()
    else:
        def conditional(self):
            return two()

    async def second(self, a, b=default(), *, c: "str" = "(") -> list[int]:
        async with lock() as held:
            await held.wait()
        return [x async for x in self.items()]
# A comment at the left margin.
    def third(self): return three()

    class Nested:
        def deep(self):
            return four()


class OneLine: pass
class Empty(Base): ...
class TabIndented:
	attribute = call()

	def method(self):
		return self.call(
	1)

	def another(self): pass


def after():
    return Decorated()
