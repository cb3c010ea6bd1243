"""The foreign verifier: one page of plain JavaScript that checks an export of a ledger without Servanda.

    verify.js   the check itself, for a browser or Node, with WebCrypto alone
    show.js     files in, sentences out
    verifier.html   the page; `page` puts both and the sentences into it

It is written from docs/reference/ledger.md and shares no code with `servanda ledger verify`, so that an error of one
is found by the other. Law: GDPR 5(2), evidence that somebody else can check.
"""

from __future__ import annotations

import json
from importlib.resources import files

from servanda.locale import LANGUAGES, sentences


def page() -> str:
    """The page as one file of HTML that loads nothing from anywhere."""
    here = files(__name__)
    made = (here / "verifier.html").read_text(encoding="utf-8")
    words = {language: sentences("verifier", language) for language in LANGUAGES}
    made = made.replace("/*words*/", json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"))
    for name in ("verify.js", "show.js"):
        made = made.replace(f"/*{name}*/", (here / name).read_text(encoding="utf-8"))
    return made
