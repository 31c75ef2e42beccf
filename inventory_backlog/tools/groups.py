"""What is tied together."""


def tied_to(members, pairs):
    """The ``members`` and all that pairs tie to them, by chains of pairs too.

    >>> sorted(tied_to({1}, [(3, 2), (1, 3), (7, 8)]))
    [1, 2, 3]
    >>> tied_to(set(), [(1, 2)])
    set()
    """
    neighbours = {}
    for one, other in pairs:
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    found, front = set(members), list(members)
    while front:
        for one in neighbours.get(front.pop(), ()):
            if one not in found:
                found.add(one)
                front.append(one)
    return found
