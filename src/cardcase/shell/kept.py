"""After a refusal: what a person typed stands again in the form that it came from, with the refusal beside it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from cardcase.kit.errors import Problem
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind, Notice, Tone

P = TypeVar("P")

_CARRIED = ("kind", "event", "kinds", "to", "question")
"""Hidden fields that tell two forms of one address apart."""


def refused(page: P, url: str, problem: Problem, typed: Mapping[str, str]) -> P:
    """Return a page that has ``notices`` after a refusal: what was wrong on top, what was typed in its place.

    ``typed`` is what may come back: rooms that know cards leave out or mask what could be a code.
    """
    told = Notice(Tone.BAD, say(problem.message), say(problem.next))
    filled = with_words(page, url, typed, say(problem.message))
    return replace(filled, notices=(told, *filled.notices))  # type: ignore[attr-defined,type-var]  # every page has notices


def with_words(page: P, url: str, typed: Mapping[str, str], refusal: str) -> P:
    """Return a page whose form for ``url`` holds what was typed into it; ``refusal`` stands at its first input.

    The very same page comes back when it has no such form any more.
    """
    return _walk(page, url, typed, refusal)  # type: ignore[no-any-return]  # it gives back what it was given


def _walk(value: Any, url: str, typed: Mapping[str, str], refusal: str) -> Any:
    if isinstance(value, ActionForm):
        return _filled(value, typed, refusal) if value.url == url and _is_same(value, typed) else value
    if isinstance(value, tuple):
        items = tuple(_walk(item, url, typed, refusal) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for item in fields(value):
        before = getattr(value, item.name)
        after = _walk(before, url, typed, refusal)
        if after is not before:
            changed[item.name] = after
    return replace(value, **changed) if changed else value


def _is_same(form: ActionForm, typed: Mapping[str, str]) -> bool:
    return all(typed.get(name, value) == value for name, value in form.hidden if name in _CARRIED)


def _filled(form: ActionForm, typed: Mapping[str, str], refusal: str) -> ActionForm:
    inputs = [_kept(item, typed) for item in form.inputs]
    if inputs:
        inputs[0] = replace(inputs[0], error=refusal)
    return replace(form, inputs=tuple(inputs))


def _kept(item: Input, typed: Mapping[str, str]) -> Input:
    if item.kind is InputKind.FILE or item.name not in typed:
        return item
    value = typed[item.name]
    choices = tuple(
        Choice(choice.value, choice.label, choice.group, is_chosen=choice.value == value) for choice in item.choices
    )
    return replace(item, value=value, choices=choices)
