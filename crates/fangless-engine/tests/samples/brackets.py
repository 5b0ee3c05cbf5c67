values = [
    call(1),  # a comment with a bracket (

    {"a": (2,
3), "b": [
]},
]
total = (first()
+ second() if third() else
fourth())
matrix = (left()
    @ right()
    @right())
chosen = [
    x
    for x in items()
    if accepted(x)
    for y in x
]
async_chosen = [x async
    for x in items()]
nested = f(lambda x: (x,
    y), *args(), **{
        'if': 1, 'else': [not
            None]})
index = table[rows():
              columns():2, ...]
long = first() + \
    second() + \
    third()
from package \
    import name
from package import (
    one,
    two as three,
)
assert condition(), \
    message()
x = y = z = {}; a, b = call(1), call(2); del x
print(1.), print(1.e5, .5, 1_0j, ...)
if (
    walrus := call()
): pass
with (
    open("a") as one,
    open("b") as two,
): use(one, two)
