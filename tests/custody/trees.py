"""A whole tree in memory, for tests that prove things in it."""

from cardcase.custody.rules import merkle


def tree_of(leaves: list[bytes]) -> merkle.NodeReader:
    """Return a reader of all full nodes over these leaf hashes."""
    known = {(0, index): leaf for index, leaf in enumerate(leaves)}
    tree = merkle.Growth()
    for seq, leaf in enumerate(leaves):
        nodes = tree.add(leaf)
        for level in range(1, len(nodes) // merkle.HASH_BYTES + 1):
            known[level, seq >> level] = merkle.among_completed(level, nodes)
    return lambda level, index: known[level, index]
