"""What makes an entry itself, and by what the same study is known in another source.

Pure: an `Entry` in, keys out; `pipeline` looks them up among what is stored.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from digest.values import Entry


def title_key(entry: Entry) -> str:
    """SHA-256 of a summary's title without case and punctuation; "" for an article.

    A round-up has the same title every month, so its title says nothing.
    """
    folded = unicodedata.normalize("NFKC", entry.title).casefold()
    words = re.sub(r"\W+", " ", folded).strip()
    return hashlib.sha256(words.encode()).hexdigest() if words and entry.kind == "summary" else ""
