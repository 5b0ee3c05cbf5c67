def first():
    return call(
# A comment at the margin in brackets.
"""A string at the margin.
def no():
"""
    )

def second(): pass
  # An indented comment.



if True:
        eight()
        if True:
         nine()
        ten()

def third():

    if x:
        return """
text at the margin
""".format(call(1))

    return call(2)
	
class Last:
    def method(self):
        return call(3)

    # The end, without a line end.
    last = call(4)
x = call(5)