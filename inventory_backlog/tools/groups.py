"""Products and what is made of them."""


def made_of(members, pairs):
    """The ``members`` and all that is made of them, by chains of pairs too.

    :param pairs: ``(part, whole)``

    >>> sorted(made_of({1}, [(1, 2), (2, 3), (7, 2)]))
    [1, 2, 3]
    >>> made_of(set(), [(1, 2)])
    set()
    """
    wholes = {}
    for part, whole in pairs:
        wholes.setdefault(part, []).append(whole)
    found, front = set(members), list(members)
    while front:
        for one in wholes.get(front.pop(), ()):
            if one not in found:
                found.add(one)
                front.append(one)
    return found
