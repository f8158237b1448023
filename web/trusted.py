"""Trusted documents: operations that callers name by their SHA-256 instead of sending them.

Registered by files of the operator, never by callers. Where only these may run, protects against
every operation that nobody wrote down beforehand. Does not protect against unwanted variables.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graphql import GraphQLSyntaxError, parse, print_ast

from domain.starting import CannotStart

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"  # the code that clients of persisted queries know
HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)


class NotTrusted(Exception):
    """The request names or sends a document that it may not."""

    def __init__(self, message: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedDocuments:
    """`by_hash`: documents by their SHA-256 in hexadecimal. `only`: nothing else may run."""

    by_hash: Mapping[str, str] = field(default_factory=dict)
    only: bool = False

    def document(self, body: Mapping[str, object]) -> object:
        """What to run: the `query` of a request, or the document that it names.

        `documentId` is GraphQL over HTTP's way, `extensions.persistedQuery` the one of automatic
        persisted queries, whose clients send the document after they were told that it is not
        known. Then it is run, but not kept. Raises NotTrusted.
        """
        named = _named(body)
        query = body.get("query")
        if named is not None and not query:
            return self._by_hash(named)
        if isinstance(query, str) and (named is not None or self.only):
            digest = sha256(query)
            if named is not None and digest != named:
                raise NotTrusted("The hash of the request is not that of its document.")
            if self.only and digest not in self.by_hash:
                raise _unknown(
                    "This server runs only its trusted documents, and this is none of them. Name "
                    "one by documentId, or let the operator add this one to TRUSTED_DOCUMENTS."
                )
        return query

    def _by_hash(self, digest: str) -> str:
        document = self.by_hash.get(digest)
        if document is None:
            reason = "No trusted document has this hash."
            raise _unknown(reason if self.only else f"{reason} Send the document itself.")
        return document


def load(
    own: Sequence[Path], folder: Path | None, *, only: bool, texts: Iterable[str] = ()
) -> TrustedDocuments:
    """The *.graphql files of our own folders and, with its folders, of the operator's.

    `texts`: documents of ours that stand in no file as they are sent. The operator's folder may
    hold manifests too (*.json): those of Apollo's tools, or objects of documents by hash. Our own
    folders may be missing. Raises CannotStart for files that cannot be used.
    """
    paths = [path for each in own for path in each.glob("*.graphql")]
    if folder is not None:
        paths += [*folder.rglob("*.graphql"), *folder.rglob("*.json")]
    documents = [*texts, *(document for path in paths for document in _documents(path))]
    return TrustedDocuments(
        by_hash={sha256(document): document for document in documents}, only=only
    )


def sha256(document: str) -> str:
    """The hash by which a document is named."""
    return hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()


def _named(body: Mapping[str, object]) -> str | None:
    """The hash that a request names, None without one. Raises NotTrusted."""
    name = body.get("documentId")
    if name is None:
        extensions = body.get("extensions")
        persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
        if persisted is None:
            return None
        if not isinstance(persisted, dict) or persisted.get("version") != 1:
            raise NotTrusted("extensions.persistedQuery must have the version 1.")
        name = persisted.get("sha256Hash")
    match = HASH.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise NotTrusted("A document is named by its SHA-256: sha256: and 64 hexadecimal digits.")
    return match[1].lower()


def _unknown(message: str) -> NotTrusted:
    return NotTrusted(message, NOT_FOUND)


def _documents(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".graphql":
            # Editors end files with a line end; programs send the document without, or print it.
            yield from {text, text.strip(), *_printed(text)}
            return
        yield from _of_manifest(json.loads(text))
    except (OSError, ValueError) as failure:
        raise CannotStart(f"TRUSTED_DOCUMENTS: {path} cannot be used: {failure}") from None


@cache  # the examples are read by every application of a process
def _printed(text: str) -> tuple[str, ...]:
    """The document as GraphQL's own printer words it, which many clients send."""
    try:
        return (print_ast(parse(text)),)
    except GraphQLSyntaxError:  # not a document: nobody can send it either
        return ()


def _of_manifest(manifest: object) -> Iterator[str]:
    """Raises ValueError for what is no manifest, or has a wrong hash."""
    if not isinstance(manifest, dict):
        raise ValueError("it is no manifest of documents")
    operations = manifest.get("operations")
    pairs = (
        [(each.get("id"), each.get("body")) for each in operations if isinstance(each, dict)]
        if isinstance(operations, list)
        else list(manifest.items())
    )
    for name, document in pairs:
        match = HASH.fullmatch(str(name))
        if not isinstance(document, str) or match is None or sha256(document) != match[1].lower():
            raise ValueError(f"{name} is not the SHA-256 of its document")
        yield document
