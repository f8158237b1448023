"""Trusted documents: operations that callers name by their SHA-256 instead of sending them.

They are files of ours and of the operator. Callers may register others for themselves
(web/registered.py), but not where only trusted ones may run: that protects against every operation
that nobody wrote down beforehand. It does not protect against unwanted variables.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graphql import GraphQLSyntaxError, parse, print_ast

from domain.starting import CannotStart
from schema.execution import sha256
from web.registered import RegisteredDocuments

# The words of automatic persisted queries: clients look for the message, or for the code.
NOT_FOUND, NOT_FOUND_MESSAGE = "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"
NOT_SUPPORTED, NOT_SUPPORTED_MESSAGE = "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"
NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
ONLY_TRUSTED = (
    "This server runs only its trusted documents, and this is none of them. Name one by "
    "documentId, or let the operator add this one to TRUSTED_DOCUMENTS."
)


class NotTrusted(Exception):
    """The request names or sends a document that it may not. `hint`: words where others are set."""

    def __init__(self, message: str, code: str = "BAD_REQUEST", hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Found:
    """What a request asks to run; its text is not yet known to be one.

    `register_as`: the hash under which its caller wants it kept.
    """

    query: object
    is_trusted: bool = False
    register_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedDocuments:
    """`by_hash`: documents by their SHA-256 in hexadecimal. `only`: nothing else may run.

    `registered`: what callers added, each for itself.
    """

    by_hash: Mapping[str, str] = field(default_factory=dict)
    only: bool = False
    registered: RegisteredDocuments = field(default_factory=RegisteredDocuments, compare=False)

    def document(self, body: Mapping[str, object], caller: str) -> Found:
        """What to run: the `query` of a request, or the document that it names.

        `documentId` is GraphQL over HTTP's way, `extensions.persistedQuery` the one of automatic
        persisted queries, whose clients send the document along once they were told that it is not
        known. Raises NotTrusted.
        """
        query = body.get("query")
        name, may_register = _named(body)
        if name is None and not self.only:
            return Found(query)
        digest = _digest(name) if name is not None else None
        if digest is not None and not query:
            return self._by_hash(digest, caller, is_automatic=may_register)
        if not isinstance(query, str):
            return Found(query)
        if digest is not None and sha256(query) != digest:
            raise NotTrusted("The hash of the request is not that of its document.")
        is_trusted = (digest or sha256(query)) in self.by_hash
        if self.only and not is_trusted:
            raise NotTrusted(ONLY_TRUSTED, NOT_TRUSTED)
        return Found(query, is_trusted, digest if may_register and not is_trusted else None)

    def register(self, found: Found, caller: str) -> None:
        """Keep a document that its caller wants to name by its hash from now on."""
        if found.register_as is not None:
            self.registered.keep(caller, found.register_as, str(found.query))

    def _by_hash(self, digest: str, caller: str, *, is_automatic: bool) -> Found:
        if (trusted := self.by_hash.get(digest)) is not None:
            return Found(trusted, is_trusted=True)
        if not self.only and (own := self.registered.find(caller, digest)) is not None:
            return Found(own)
        if self.only and is_automatic:
            raise NotTrusted(NOT_SUPPORTED_MESSAGE, NOT_SUPPORTED, ONLY_TRUSTED)
        hint = "No trusted document has this hash, and you registered none."
        raise NotTrusted(
            NOT_FOUND_MESSAGE, NOT_FOUND, hint if self.only else f"{hint} Send the document itself."
        )


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


def _named(body: Mapping[str, object]) -> tuple[object, bool]:
    """What a request names its document by, None without; and whether it may be registered so.

    Raises NotTrusted.
    """
    name = body.get("documentId")
    extensions = body.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if name is not None or persisted is None:
        return name, False
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise NotTrusted("extensions.persistedQuery must have the version 1.")
    return persisted.get("sha256Hash", ""), True


def _digest(name: object) -> str:
    """Raises NotTrusted."""
    match = HASH.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise NotTrusted("A document is named by its SHA-256: sha256: and 64 hexadecimal digits.")
    return match[1].lower()


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
