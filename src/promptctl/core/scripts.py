"""Scripts that are written without spaces: the one answer of everything that cuts text into words."""

# For a set in a regular expression. Han with its extensions, kana (half width too) and bopomofo, without their
# punctuation: ・ and 〜 stand between words. Hangul is not in it: it has spaces.
UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
