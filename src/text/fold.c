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
    u"並并乗乘乾干佈布佔占併并來来係系倉仓個个們们偉伟側侧傑杰傘伞備备傢家傳传債债傷伤僅仅價价儀仪億亿儘尽償"
    u"偿"
    u"優优兒儿兩两別别則则剛刚創创劃划劇剧劉刘動动務务勝胜勞劳勢势勳勋勵励勸劝區区協协厲厉參参叄叁吳吴呂吕員"
    u"员"
    u"問问啓启啞哑啟启喒咱喫吃喬乔單单嗎吗嘆叹嚇吓嚴严國国圍围園园圓圆圖图團团執执堅坚報报場场塊块塗涂塵尘墊"
    u"垫"
    u"墻墙壇坛壓压壞坏壽寿夠够夥伙夾夹奪夺奮奋妝妆妳你姪侄婦妇婭娅媽妈嫻娴嬌娇嬰婴嬸婶孫孙學学實实寧宁審审寫"
    u"写"
    u"寬宽寶宝將将專专尋寻對对導导層层屬属岡冈峯峰島岛崗岗嶺岭嶼屿嶽岳巖岩帥帅師师帶带幣币幫帮幹干幾几庫库廁"
    u"厕"
    u"廈厦廚厨廟庙廠厂廢废廣广廬庐廳厅張张強强彈弹彌弥彎弯彙汇後后徑径從从復复徵征徹彻悅悦惱恼愛爱態态慘惨慮"
    u"虑"
    u"慶庆憂忧憐怜憑凭憶忆懇恳應应懶懒懷怀懸悬戀恋戰战戲戏戶户拋抛挾挟捨舍掃扫掙挣掛挂採采揚扬換换損损搖摇搶"
    u"抢"
    u"撥拨撫抚撲扑撿捡擁拥擇择擊击擋挡擔担據据擬拟擲掷擺摆擾扰攔拦攜携攝摄攤摊敗败敵敌數数斷断於于昇升時时晉"
    u"晋"
    u"暈晕暢畅暫暂曆历曉晓曠旷曬晒書书會会東东條条棄弃棟栋楊杨業业極极樂乐樓楼標标樣样樹树橋桥機机橫横檢检檯"
    u"台"
    u"櫃柜權权欒栾歐欧歡欢歲岁歷历歸归殘残殺杀毀毁毬球氣气決决沒没況况涼凉淚泪淨净減减測测湧涌湯汤溝沟溫温溼"
    u"湿"
    u"滅灭滾滚滿满漁渔漢汉漲涨漸渐潑泼潔洁潤润澤泽濃浓濕湿濟济濱滨濾滤灑洒灘滩灣湾災灾為为無无煉炼煒炜煙烟煩"
    u"烦"
    u"熱热燁烨燈灯燒烧燙烫營营燦灿燭烛爐炉爛烂爭争爺爷牆墙牽牵犧牺狀状猶犹獅狮獎奖獨独獲获獵猎現现瑋玮瑤瑶瑪"
    u"玛"
    u"環环瓊琼瓏珑甚什產产畢毕畫画異异當当疊叠痺痹瘋疯療疗癥症發发皺皱盜盗盡尽監监盤盘盧卢眾众睏困瞭了矯矫確"
    u"确"
    u"碼码磚砖礎础礦矿祇只祢你禍祸禦御禪禅禮礼稅税種种稱称積积穎颖穩稳窩窝窮穷竅窍競竞筆笔箏筝節节範范築筑簡"
    u"简"
    u"簽签籃篮籌筹籤签粵粤糧粮糰团糾纠紀纪約约紅红紋纹納纳紐纽純纯紙纸級级紛纷紡纺細细紹绍終终組组結结絕绝絡"
    u"络"
    u"給给統统絲丝經经綜综綠绿維维綱纲網网綵彩緊紧緒绪線线締缔緣缘編编緩缓練练縣县縫缝縮缩縱纵總总績绩繆缪織"
    u"织"
    u"繡绣繩绳繪绘繫系繼继續续纏缠罰罚罷罢羅罗羣群義义習习聖圣聞闻聯联聰聪聲声聶聂職职聽听脈脉脫脱腦脑腫肿腳"
    u"脚"
    u"腸肠膚肤膽胆臉脸臥卧臨临臺台與与興兴舉举舊旧艦舰莊庄華华萬万葉叶蓋盖蓮莲蔣蒋蔭荫蕭萧薑姜薦荐薩萨藍蓝藝"
    u"艺"
    u"藥药蘇苏蘋苹蘭兰處处虛虚號号虧亏蝦虾螞蚂蟬蝉蟲虫蟻蚁蠟蜡衆众術术衛卫衝冲裏里補补裝装裡里製制複复襪袜襲"
    u"袭"
    u"見见規规視视親亲覺觉覽览觀观觸触訂订計计訊讯訓训託托記记訪访設设許许訴诉診诊詐诈評评詞词詠咏詢询試试詩"
    u"诗"
    u"話话該该詳详誇夸誌志認认誘诱語语誠诚誤误說说誰谁課课誼谊談谈請请諒谅論论諧谐諮咨諸诸諾诺謀谋謎谜謙谦講"
    u"讲"
    u"謝谢謠谣謹谨證证識识譚谭譜谱譯译議议護护譽誉讀读變变讓让讚赞豐丰豔艳豬猪貓猫貝贝負负財财貢贡貨货販贩貪"
    u"贪"
    u"貫贯責责貳贰貴贵買买貸贷費费貼贴貿贸賀贺資资賈贾賊贼賓宾賞赏賠赔賢贤賣卖質质賬账賭赌賴赖購购賽赛贈赠贊"
    u"赞"
    u"贏赢趕赶趙赵趨趋跡迹蹤踪躍跃車车軍军軒轩軟软較较載载輔辅輕轻輛辆輝辉輩辈輪轮輯辑輸输轉转轟轰辦办辭辞辯"
    u"辩"
    u"迴回這这連连週周進进遊游運运過过達达違违遙遥遞递遠远適适遲迟遷迁選选遺遗遼辽還还邊边邏逻郵邮鄉乡鄒邹鄔"
    u"邬"
    u"鄧邓鄭郑鄰邻醫医醬酱釀酿釋释釘钉針针釣钓鈔钞鈕钮鈴铃鉛铅鉤钩銀银銅铜銘铭銳锐銷销鋁铝鋒锋鋪铺鋸锯鋼钢錄"
    u"录"
    u"錢钱錦锦錯错鍊炼鍋锅鍛锻鍵键鍾钟鎖锁鎮镇鏟铲鏡镜鐘钟鐵铁鑑鉴鑒鉴鑼锣鑽钻長长門门閃闪閉闭開开閑闲閒闲間"
    u"间"
    u"閔闵閣阁閱阅閻阎闊阔闕阙闖闯關关陞升陣阵陰阴陳陈陸陆陽阳隊队階阶際际隨随險险隱隐隸隶隻只雖虽雙双雛雏雜"
    u"杂"
    u"雞鸡離离難难雲云電电霧雾靈灵靜静鞏巩韋韦韓韩韻韵響响頁页頂顶項项順顺須须頌颂預预頒颁頓顿頗颇領领頭头頻"
    u"频"
    u"顆颗題题額额顏颜願愿類类顧顾風风颱台飄飘飛飞飯饭飲饮飽饱飾饰餃饺餅饼養养餓饿餘余館馆饋馈饒饶馬马馮冯駐"
    u"驻"
    u"駕驾駛驶駱骆騎骑騙骗騰腾騷骚驅驱驕骄驗验驚惊驛驿髒脏體体鬆松鬚须鬥斗鬧闹鬱郁魚鱼魯鲁鮮鲜鱗鳞鳥鸟鳳凤鳴"
    u"鸣"
    u"鴨鸭鴻鸿鴿鸽鵝鹅鷄鸡鷹鹰鹽盐麗丽麥麦麪面麵面麼么黃黄點点黨党齊齐齋斋齒齿齡龄龍龙龐庞龔龚龜龟";
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
