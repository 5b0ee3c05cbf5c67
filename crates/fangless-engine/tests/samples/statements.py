from __future__ import annotations
import os, sys

first = call(1)
second = call(2)

third = call(3)
# A comment between.
if first:
    run()

elif second:
    run()


else:

    def inside():
        return nested()

try:
    import fast
except ImportError:
    fast = fallback()
else:
    ready()
finally:
    close()
for item in items():
    use(item)
else:
    nothing()
while True:
    break

match = pattern.match(text)
match.group(1)
match command():
    case [action, *rest] if allowed(action):
        run(action)
    case {"key": value, **others}:
        use(value)
    case Point(x=0) | None:
        pass
    case _:
        default()
case = 1; match = case
lambda_ = lambda *a, **k: call(a, k)
yielded = (yield_ for yield_ in generate())
type Alias = list[int]
print(first if second else third, file=sys.stderr)
@decorator
# A comment after a decorator.

def decorated():
    global first
    first = 2
    yield call()
    yield from others()
    return
async def coroutine():
    return await call()
def generic(x, /, y, *, z) -> None: return x(y)
x: int
y: dict[str, int] = make()
x = 1 if y else 2
value = not call()
(a, b), *c = unpack()
