"""Reads Accept: which media types the caller can take, and how gladly."""


def media_ranges(accept: str) -> dict[str, float]:
    """`text/html;q=0.8` as {"text/html": 0.8}; a range with a q outside 0 to 1 is left out."""
    ranges: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            ranges[name] = max(quality, ranges.get(name, 0.0))
    return ranges


def preference(kind: str, ranges: dict[str, float]) -> tuple[float, int]:
    """(q, how exactly it is named) by the most exact range that covers the type."""
    family = kind.partition("/")[0] + "/*"
    for exactness, name in ((2, kind), (1, family), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0


def _quality(parameters: list[str]) -> float | None:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0
