class Calc:
    def add(self, a, b):
        # the sum
        return a + b

    def unused(self):
        return 0


def twice(x):
    text = """
      kept as it is
    """
    return 2 * x if text else 0
