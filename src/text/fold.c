#include "text/fold.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "text/utf8.h"

/* Traditional characters and the simplified ones they are compared as, in pairs, ordered by the first of each pair (the
 * search relies on it). Only what occurs in keywords, numbers, names and everyday replies, and only where the
 * simplified form is the one a mainland writer would use. */
static const char16_t PAIRS[] =
    u"並并乗乘乾干佈布佔占併并來来係系倉仓個个們们偉伟側侧傑杰傘伞備备傢家傳传債债傷伤僅仅價价儀仪億亿"
    u"儘尽償偿優优兒儿兩两別别則则剛刚創创劃划劇剧劉刘動动務务勝胜勞劳勢势勳勋勵励勸劝區区協协厲厉參参"
    u"叄叁吳吴呂吕員员問问啓启啞哑啟启喒咱喫吃喬乔單单嗎吗嘆叹嚇吓嚴严國国圍围園园圓圆圖图團团執执堅坚"
    u"報报場场塊块塗涂塵尘墻墙壇坛壓压壞坏壽寿夠够夾夹奪夺奮奋妝妆妳你婦妇婭娅媽妈嫻娴嬌娇嬰婴嬸婶孫孙"
    u"學学實实寧宁審审寫写寬宽寶宝將将專专尋寻對对導导層层屬属岡冈峯峰島岛崗岗嶺岭嶽岳帥帅師师帶带幣币"
    u"幫帮幹干幾几庫库廁厕廈厦廟庙廠厂廢废廣广廳厅張张強强彈弹彌弥彎弯後后徑径從从復复徵征愛爱態态慮虑"
    u"慶庆憂忧憑凭憶忆應应懷怀懸悬戰战戲戏戶户拋抛挾挟捨舍掃扫掙挣掛挂採采揚扬換换損损搖摇搶抢撥拨撿捡"
    u"擁拥擇择擊击擋挡據据擬拟擲掷擾扰攜携攤摊敵敌數数斷断於于昇升時时晉晋暈晕暢畅暫暂曆历曉晓書书會会"
    u"東东條条棟栋楊杨業业極极樂乐樓楼標标樣样樹树橋桥機机橫横檢检檯台櫃柜權权欒栾歐欧歡欢歲岁歷历歸归"
    u"殘残毀毁毬球氣气沒没測测湯汤溝沟溫温溼湿滅灭滿满漢汉漲涨潔洁潤润澤泽濕湿濟济灑洒灣湾災灾為为無无"
    u"煒炜熱热燁烨燈灯燒烧營营爐炉爭争爺爷牆墙牽牵狀状獎奖獨独獲获現现瑋玮瑤瑶瑪玛環环瓊琼瓏珑甚什產产"
    u"畢毕畫画異异當当疊叠痺痹瘋疯療疗發发皺皱盡尽監监盤盘盧卢眾众睏困瞭了矯矫確确碼码磚砖祇只祢你禍祸"
    u"禦御禮礼種种稱称積积穎颖穩稳窮穷竅窍競竞筆笔節节範范築筑簡简簽签籃篮籌筹籤签糧粮紀纪約约紅红納纳"
    u"純纯紙纸級级紛纷細细終终組组結结絕绝絡络給给統统經经綠绿維维網网緊紧線线編编練练縣县縮缩總总繆缪"
    u"織织繩绳繫系繼继續续罷罢羅罗羣群義义習习聖圣聞闻聯联聲声聶聂職职聽听腦脑腳脚腸肠膚肤臉脸臨临臺台"
    u"與与興兴舉举舊旧艦舰莊庄華华萬万葉叶蓋盖蓮莲蔣蒋蔭荫蕭萧薑姜薩萨藍蓝藝艺藥药蘇苏蘋苹蘭兰處处虛虚"
    u"號号蟲虫衆众術术衛卫裏里補补裝装裡里製制複复見见規规視视親亲覺觉觀观觸触訂订計计訊讯訓训託托記记"
    u"訪访設设許许評评詞词詢询試试話话該该詳详認认語语誠诚誤误說说誰谁課课談谈請请諒谅論论諸诸講讲謝谢"
    u"證证識识譚谭譯译議议護护讀读變变讓让讚赞豔艳豬猪貓猫貝贝負负財财貨货責责貳贰貴贵買买費费貼贴賀贺"
    u"資资賈贾賓宾賣卖質质賬账賴赖賽赛贊赞贏赢趕赶趙赵躍跃車车軍军軒轩軟软較较載载輕轻輛辆輝辉輩辈輪轮"
    u"輸输轉转辦办迴回這这連连週周進进遊游運运過过達达違违遙遥遞递遠远適适遲迟遷迁選选還还邊边邏逻郵邮"
    u"鄉乡鄒邹鄔邬鄧邓鄭郑鄰邻醫医釋释針针釣钓鈴铃鉛铅銀银銅铜銘铭鋪铺鋼钢錄录錢钱錦锦錯错鍋锅鍾钟鎖锁"
    u"鎮镇鏡镜鐘钟鐵铁長长門门閃闪閉闭開开間间閔闵閱阅閻阎闕阙關关陞升陣阵陰阴陳陈陸陆陽阳隊队際际隨随"
    u"險险隱隐隻只雖虽雙双雜杂雞鸡離离難难雲云電电霧雾靈灵靜静韋韦韓韩響响頁页頂顶項项順顺須须預预頓顿"
    u"領领頭头頻频顆颗題题額额顏颜願愿類类顧顾風风颱台飄飘飛飞飯饭飲饮餅饼養养餘余館馆馬马馮冯駱骆騎骑"
    u"騙骗騰腾驗验驚惊體体鬆松鬚须鬥斗鬧闹魚鱼魯鲁鮮鲜鳥鸟鷄鸡麗丽麥麦麪面麵面麼么黃黄點点黨党齊齐齒齿"
    u"齡龄龍龙龐庞龔龚龜龟";
#define N_PAIRS ((sizeof PAIRS / sizeof PAIRS[0] - 1) / 2)

static int32_t simplified(int32_t c)
{
    size_t lo = 0, hi = N_PAIRS;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (PAIRS[2 * mid] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < N_PAIRS && PAIRS[2 * lo] == c ? PAIRS[2 * lo + 1] : c;
}

/* Signs that mean a plainer one but are no compatibility characters of Unicode; 0 = dropped. */
static int32_t plainer(int32_t c)
{
    if (c < 0x20E3)
        return c < 0x21 || c == 0x7F || (c >= 0x80 && c <= 0x9F) ? ' ' : c;
    if (c >= 0x4E00 && c <= 0x9FFF)
        return simplified(c);
    if (c >= 0x2776 && c <= 0x277E)
        return c - 0x2776 + '1'; /* negative circled digits */
    switch (c) {
    case 0x20E3: /* the key around 1 in a keycap emoji */
        return 0;
    case 0x2795: /* heavy plus sign */
        return '+';
    case 0x2800: /* braille blank */
        return ' ';
    default:
        return c;
    }
}

/* Characters that NFKC and case folding leave alone (or that are trivial), so that most texts never reach utf8proc: ASCII,
 * the common CJK ideographs and their punctuation, full-width ASCII. -1 = ask utf8proc. */
static int32_t easy(int32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0x4E00 && c <= 0x9FFF)
        return c;
    if (c >= 0xFF01 && c <= 0xFF5E)
        return easy(c - 0xFEE0);
    if (c == 0x3000)
        return ' ';
    if ((c >= 0x3001 && c <= 0x3003) || (c >= 0x3007 && c <= 0x3011) || (c >= 0x2018 && c <= 0x201D))
        return c;
    return -1;
}

/* Append one character, blanks run together; leading ones are left out. */
static void put(struct buf *out, int32_t c)
{
    char utf8[4];

    c = plainer(c);
    if (c == 0)
        return;
    if (c == ' ' && (out->len == 0 || out->data[out->len - 1] == ' '))
        return;
    if (c < 0x80)
        buf_chr(out, (char)c);
    else
        buf_add(out, utf8, utf8_encode(c, utf8));
}

/* False when the text holds a character that needs utf8proc; ${out} is then of no use. */
static bool fold_easy(const char *s, size_t n, struct buf *out)
{
    for (const char *p = s, *end = s + n; p < end;) {
        int32_t c = easy(utf8_next(&p, end));
        if (c < 0)
            return false;
        put(out, c);
    }
    return true;
}

static int fold_hard(const char *s, size_t n, struct buf *out)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &mapped,
                                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                            UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (len < 0)
        return -1;
    const char *p = (const char *)mapped, *end = p + len;
    while (p < end)
        put(out, utf8_next(&p, end));
    free(mapped);
    return 0;
}

int fold_text(const char *s, size_t n, struct buf *out)
{
    buf_reset(out);
    if (!utf8_valid(s, n))
        return -1;
    if (!fold_easy(s, n, out)) {
        buf_reset(out);
        if (fold_hard(s, n, out))
            return -1;
    }
    if (out->overflow)
        return -1;
    if (out->len && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    return 0;
}

/* Letters and digits stay; punctuation, symbols, emoji, marks and blanks are decoration at the ends of a text. */
static bool is_decoration(int32_t c)
{
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    if (c >= 0x4E00 && c <= 0x9FFF)
        return false;
    utf8proc_category_t k = utf8proc_category(c);
    return !((k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
             (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO));
}

static size_t skip_front(const char *s, size_t n)
{
    const char *p = s, *end = s + n;

    while (p < end) {
        const char *at = p;
        int32_t c = utf8_next(&p, end);
        bool sign = (c == '+' || c == '-') && p < end && *p >= '0' && *p <= '9';
        if (!is_decoration(c) || sign)
            return (size_t)(at - s);
    }
    return n;
}

static size_t skip_back(const char *s, size_t n)
{
    while (n) {
        size_t at = n - 1;
        while (at && ((unsigned char)s[at] & 0xC0) == 0x80)
            at--;
        const char *p = s + at;
        if (!is_decoration(utf8_next(&p, s + n)))
            return n;
        n = at;
    }
    return 0;
}

int fold_trim(const char *s, size_t n, struct buf *out)
{
    if (fold_text(s, n, out))
        return -1;
    if (out->len == 0)
        return 0;
    size_t from = skip_front(out->data, out->len);
    if (from == out->len)
        return 0; /* nothing but decoration: that is the text */
    size_t to = skip_back(out->data, out->len);
    memmove(out->data, out->data + from, to - from);
    out->len = to - from;
    out->data[out->len] = '\0';
    return 0;
}
