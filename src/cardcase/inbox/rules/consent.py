"""What the owner types to agree that buyers' words go to a model outside the house (个人信息保护法 §21, §23). Pure."""

from cardcase.kit.text import Text


def phrase(host: str) -> Text:
    """Return the words of consent: they name the host, so that whoever types them has read where words go."""
    return Text(f"同意发给 {host}", f"send to {host}")


def is_phrase(typed: str, host: str) -> bool:
    """Tell whether somebody typed the words, in either language; blanks around them do not count."""
    words = phrase(host)
    return " ".join(typed.split()) in (words.zh, words.en)
