"""Countries: by the two letters of ISO 3166-1."""

from iso3166 import countries_by_alpha2

from domain.exceptions import InvalidInput

ALSO_WRITTEN = {"UK": "GB"}


def parse_country(text: str, *, path: tuple[str, ...] = ()) -> str:
    """Read a country's code, also UK. Raises InvalidInput for what is none."""
    code = text.strip().upper()
    code = ALSO_WRITTEN.get(code, code)
    if not text.isascii() or code not in countries_by_alpha2:
        raise InvalidInput(
            'A country is the two-letter code of ISO 3166, like "DE" or "US".', path=path
        )
    return code
