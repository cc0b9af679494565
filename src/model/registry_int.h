/* How a text of the catalogue is filled: shared by answers (registry.c) and news of an activity (registry_news.c). Inside model/ only. */
#ifndef MODEL_REGISTRY_INT_H
#define MODEL_REGISTRY_INT_H

#include "base/buf.h"
#include "model/registry_texts.h"

/* Values for the places of one text, put one after the other. Texts are borrowed. */
struct registry_values {
    struct {
        const char *name;
        char text[24]; /* of numbers */
        const char *s; /* NULL: text */
    } v[16];
    size_t n;
};
void registry_put_str(struct registry_values *v, const char *name, const char *s);
void registry_put_num(struct registry_values *v, const char *name, uint32_t value);
/* "" = Chinese. */
enum registry_lang registry_lang_of(const char *lang);
/* Append the finished text; -1 on overflow. */
int registry_fill(struct buf *out, enum registry_lang lang, enum registry_text_id id,
                  const struct registry_values *v);

/* A part that is a value of another text: bounded by what an activity can hold. Its buffer is the caller's to fini. */
#define REGISTRY_PART_MAX 512
struct registry_part {
    struct buf b;
};
const char *registry_part_fill(struct registry_part *p, enum registry_lang lang, enum registry_text_id id,
                               const struct registry_values *v);
/* A day and an hour. */
const char *registry_moment(struct registry_part *p, enum registry_lang lang, const char *tz, int64_t at);

#endif
