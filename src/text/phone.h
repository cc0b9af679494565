/* Telephone numbers: what people write to E.164, and masks.
 *
 * Source of the rules: facts/providers/08-sms-text-facts.md 8.4. */
#ifndef TEXT_PHONE_H
#define TEXT_PHONE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PHONE_MAX 20 /* "+" and 15 digits and NUL fit */

/* Normalise a number that a person wrote (blanks, hyphens, dots, brackets, full-width digits, +86, 86, 0086, a stray
 * leading 0 are understood; without a country code the mainland is assumed) into E.164. Mainland numbers must be
 * mobile numbers that receive texts (1[3-9] + 9 digits; landlines, 106..., 95..., 13-digit IoT numbers are refused);
 * other countries need '+' and 7 to 15 digits (+852 8, +853 8, +886 9 digits are checked). "1.38E+10" is refused with a sentence that tells
 * how it came about. 0, or -1 with code "bad-phone" and the reason in words. */
int phone_normalise(const char *s, size_t n, char out[PHONE_MAX], struct err *e);
/* "+8613800138000" -> "138****8000"; never more than the last four and first three digits of the national number. */
void phone_mask(const char *e164, char out[PHONE_MAX]);
/* Does it look like E.164 as phone_normalise writes it? */
bool phone_is_e164(const char *s, size_t n);
/* Is this sender one that is never answered: short codes and service numbers (106..., 95..., 10xxx, 12xxx), not a mobile number? */
bool phone_is_service(const char *s);

#endif
