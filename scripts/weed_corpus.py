"""Take near-copies out of corpus/: of texts held out, and of what another text of the corpus says already.

Without arguments all messages are weeded; with names of files only those are. Of two near-copies the later goes; texts
of one group may be alike, that is what a group is for. Conversations are only named: a person takes them out.
"""

import sys
from collections import defaultdict
from pathlib import Path

from cardcase.training import service
from cardcase.training.rules import copies, corpus
from cardcase.training.rules.corpus import Example

ROOT = Path(__file__).parent.parent / "corpus"


def main() -> None:
    """Do it."""
    learned = [one for part in service.PARTS for one in corpus.read(corpus.files(ROOT / part))]
    held_out = corpus.read(corpus.files(ROOT / service.HELD_OUT))
    said = [one.buyer for one in learned]
    gone = {place for place, _ in copies.near_copies(said, [one.buyer for one in held_out])}
    for place, other in copies.near_copies(said, said):
        if other < place and other not in gone and learned[other].group != learned[place].group:
            gone.add(place)
    names = set(sys.argv[1:])
    taken = [learned[place] for place in sorted(gone) if not names or _file(learned[place]) in names]
    for one in taken:
        if one.is_conversation:
            print(f"{one.where}: a conversation that nearly stands elsewhere")
    _drop([one for one in taken if not one.is_conversation])


def _file(example: Example) -> str:
    return example.where.partition(":")[0]


def _drop(taken: list[Example]) -> None:
    lines = defaultdict(set)
    for one in taken:
        lines[_file(one)].add(int(one.where.partition(":")[2]))
    for name, numbers in sorted(lines.items()):
        path = ROOT / "messages" / name
        kept = [line for at, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if at not in numbers]
        path.write_text("\n".join(kept), encoding="utf-8")
        print(f"{name}: {len(numbers)} taken out")


if __name__ == "__main__":
    main()
