/* What a warning is about. Part of alert_level.h. New kinds appear every year: a word that is not here is passed on as it is. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/alert_level.h"

/* The first that is found counts: what holds another word stands before it. */
/* clang-format off */
static const struct {
    const char *word, *event;
} words[] = {
    {"雷雨大风", "thunder-gust"}, {"强对流", "severe-convection"}, {"台风", "typhoon"}, {"热带气旋", "typhoon"}, {"暴雨", "rainstorm"}, {"暴雪", "snowstorm"},
    {"雷电", "lightning"}, {"大风", "gale"}, {"冰雹", "hail"}, {"大雾", "fog"}, {"高温", "heat"}, {"寒潮", "cold-wave"}, {"寒冷", "cold"}, {"干旱", "drought"},
    {"沙尘暴", "sandstorm"}, {"霜冻", "frost"}, {"道路结冰", "road-icing"}, {"山洪", "flash-flood"}, {"洪水", "flood"}, {"防汛防风", "flood-and-wind"},
    {"防风防汛", "flood-and-wind"}, {"地质灾害", "landslide"}, {"森林火险", "forest-fire"}, {"海啸", "tsunami"}, {"风暴潮", "storm-surge"}, {"海浪", "waves"}, {"地震", "earthquake"},
    {"霾", "haze"},
    {"thunder gust", "thunder-gust"}, {"thunderstorm gale", "thunder-gust"}, {"typhoon", "typhoon"}, {"tropical cyclone", "typhoon"}, {"tropical storm", "typhoon"},
    {"hurricane", "typhoon"}, {"rainstorm", "rainstorm"}, {"heavy rain", "rainstorm"}, {"torrential rain", "rainstorm"}, {"snowstorm", "snowstorm"},
    {"lightning", "lightning"}, {"gale", "gale"}, {"strong wind", "gale"}, {"hail", "hail"}, {"fog", "fog"}, {"high temperature", "heat"}, {"heat wave", "heat"},
    {"cold wave", "cold-wave"}, {"drought", "drought"}, {"sandstorm", "sandstorm"}, {"dust storm", "sandstorm"}, {"frost", "frost"}, {"road ic", "road-icing"}, {"haze", "haze"},
    {"flash flood", "flash-flood"}, {"flood", "flood"}, {"landslide", "landslide"}, {"geological", "landslide"}, {"forest fire", "forest-fire"}, {"tsunami", "tsunami"},
    {"storm surge", "storm-surge"}, {"earthquake", "earthquake"},
};
/* clang-format on */

static bool holds(const char *s, size_t n, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= n; i++)
        if (strncasecmp(s + i, word, len) == 0)
            return true;
    return false;
}

const char *alert_event_of_text(const char *text, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (holds(text, n, words[i].word))
            return words[i].event;
    return NULL;
}

const char *alert_event_of(const struct cap_info *i)
{
    const char *const texts[] = {i->event, i->headline, i->description};
    const char *found;

    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        if (texts[k] != NULL && (found = alert_event_of_text(texts[k], alert_title_len(texts[k]))) != NULL)
            return found;
    return i->event != NULL ? i->event : "";
}

bool alert_is_early_warning(const struct cap_info *i)
{
    const char *const texts[] = {i->event, i->headline};

    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        if (texts[k] != NULL && (strstr(texts[k], "地震预警") != NULL ||
                                 holds(texts[k], strlen(texts[k]), "earthquake early warning")))
            return true;
    return false;
}
