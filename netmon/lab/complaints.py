"""Turns what pydantic finds wrong with a scenario into sentences for the operator."""

from pydantic_core import ErrorDetails


def sentence(wrong: ErrorDetails) -> str:
    """One mistake: where it is, what it is, what would be right."""
    *above, last = [*_path(wrong), ""] if _is_about_the_whole(wrong) else _path(wrong)
    place = " ".join(above)
    return f"{place}: {_what(wrong, last)}" if place else _what(wrong, last)


def _is_about_the_whole(wrong: ErrorDetails) -> bool:
    return wrong["type"] not in {"missing", "extra_forbidden"}


def _path(wrong: ErrorDetails) -> list[str]:
    """('events', 1, 'power_cut', 'where') -> ['event 2 (power_cut)', 'where']."""
    parts = [str(part) for part in wrong["loc"]]
    if len(parts) > 1 and parts[0] == "events":
        event = f"event {int(parts[1]) + 1}"
        kind = parts[2:3]
        return [f"{event} ({kind[0]})" if kind else event, *parts[3:]]
    return parts


def _what(wrong: ErrorDetails, key: str) -> str:
    context = wrong.get("ctx", {})
    match wrong["type"]:
        case "union_tag_invalid":
            expected = str(context["expected_tags"]).replace("'", "")
            return f"unknown kind '{context['tag']}'; the kinds are {expected}"
        case "union_tag_not_found":
            return "it needs a kind, e.g. kind: power_cut"
        case "missing":
            return f"'{key}' is missing"
        case "extra_forbidden":
            return f"'{key}' is not a key here"
        case "value_error":
            return str(context["error"])
        case _:
            message = wrong["msg"].replace("Input should", "it should")
            return f"{message}, not {wrong['input']!r}"
