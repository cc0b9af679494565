/* Folding what people type into what rules compare: NFKC, full width to half width, case, traditional characters used in
 * keywords to simplified, zero-width characters dropped, runs of blanks to one, ends trimmed.
 *
 * Hides: utf8proc and the small traditional->simplified table. Pure. */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include "base/buf.h"

/* Fold ${n} bytes of UTF-8 into ${out} (reset first). -1 on malformed UTF-8 or overflow. */
int fold_text(const char *s, size_t n, struct buf *out);
/* As fold_text, and punctuation, symbols and emoji at both ends are trimmed ("退订。" -> "退订", "？" stays when it is all
 * there is). */
int fold_trim(const char *s, size_t n, struct buf *out);

#endif
