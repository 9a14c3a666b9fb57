"""How near two texts are, in any script, without a dictionary: TF-IDF cosine over character n-grams."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from promptctl.core.scripts import UNSPACED

# Hangul has spaces, but its words share endings, so it is cut the same way.
_UNSPACED = f"{UNSPACED}\uac00-\ud7af"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")

WORD_SIZES = (3, 4, 5)
UNSPACED_SIZES = (1, 2, 3)


def fold(text: str) -> str:
    """`text` with full and half width, capitals and compatibility forms made equal (NFKC, lower case)."""
    return unicodedata.normalize("NFKC", text).lower()


def has_unspaced(text: str) -> bool:
    """Whether `text` holds a character of a script written without spaces, such as Chinese."""
    return _UNSPACED_RUN.search(text) is not None


def runs(text: str) -> list[str]:
    """The words of folded text, in order; a stretch of Chinese or Japanese is one run."""
    return _RUN.findall(fold(text))


def ngrams(text: str) -> Counter[str]:
    """How often each character n-gram occurs: 3 to 5 in a padded word, 1 to 3 in scripts without spaces."""
    counts: Counter[str] = Counter()
    for run in runs(text):
        unspaced = has_unspaced(run)
        padded = run if unspaced else f" {run} "
        for size in UNSPACED_SIZES if unspaced else WORD_SIZES:
            counts.update(padded[i : i + size] for i in range(len(padded) - size + 1))
    return counts


class Index:
    """Texts that can be asked which of them are near another text."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [ngrams(text) for text in texts]
        self._total = len(counts)
        self._holding = Counter(gram for count in counts for gram in count)
        self._vectors = [self._vector(count) for count in counts]

    def similarities(self, text: str) -> list[float]:
        """The cosine of `text` to every text of the index, in its order, each in [0, 1].

        N-grams that no text of the index holds count in the length of `text`, so that a long question which
        shares one word with a text is not near it.
        """
        query = self._vector(ngrams(text))
        return [min(1.0, _dot(query, vector)) for vector in self._vectors]

    def nearest(self, text: str) -> tuple[int, float]:
        """Position and similarity of the nearest text, the first of equals; (-1, 0.0) for an empty index."""
        best, position = 0.0, 0 if self._vectors else -1
        for i, similarity in enumerate(self.similarities(text)):
            # Sums in another order differ in the last bits; equals must stay equal, so the first one wins.
            if similarity > best + 1e-9:
                best, position = similarity, i
        return position, best

    def _vector(self, counts: Counter[str]) -> dict[str, float]:
        weights = {gram: (1 + math.log(count)) * self._rarity(gram) for gram, count in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {gram: weight / length for gram, weight in weights.items()} if length else {}

    def _rarity(self, gram: str) -> float:
        holding = self._holding[gram]
        # The form of BM25: positive even for an n-gram that every text holds, so one text alone can be near.
        return math.log(1 + (self._total - holding + 0.5) / (holding + 0.5))


@lru_cache(maxsize=32)
def index(texts: tuple[str, ...]) -> Index:
    """The index of `texts`, kept while it is asked again: one prompt's examples serve all its cases."""
    return Index(texts)


def _dot(left: dict[str, float], right: dict[str, float]) -> float:
    if len(right) < len(left):
        left, right = right, left
    return sum(weight * right[gram] for gram, weight in left.items() if gram in right)
