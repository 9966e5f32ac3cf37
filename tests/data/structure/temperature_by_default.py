"""a softmax with a temperature that is 1 unless fed.

Right: the default, and it says so, or an input.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

x = tf.placeholder(tf.float32, [None, 6], "x")
t = tf.placeholder_with_default(2.0, [], "temperature")
z = tf.matmul(x, var("a", 6, 5)) + var("b", 5)
y = tf.nn.softmax(z / t, name="y")
finish([y], {x: floats(4, 6)}, {x: floats(7, 6)})
