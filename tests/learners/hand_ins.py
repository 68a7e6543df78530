"""Where the two collections of functions as students write them meet: see `hand_ins_one` and `hand_ins_two`."""

WRONG = []  # (task, what the student misunderstood, what the check tells: a known mistake's name or words, function)
RIGHT = []  # (task, style, function)


def wrong(task, misunderstood, told):
    """Collect a wrong function."""

    def add(function):
        WRONG.append((task, misunderstood, told, function))
        return function

    return add


def right(task, style):
    """Collect a right function."""

    def add(function):
        RIGHT.append((task, style, function))
        return function

    return add
