#include "text/lint_words.h"

#include "base/mem.h"

/* clang-format off */
const struct lint_word lint_words[] = {
    {{"加微信", "微信群", "加群", "进群", "入群", "QQ群", "加QQ", "加qq", "扫码"}, "contact", IN_ALL, true,
     "运营商拦截拉群和个人联系方式。请写社区服务中心的地址或固定电话，群二维码张贴在公告栏。",
     "carriers block invitations to groups and private contacts: name the office's address or landline instead"},
    {{"拒收请回复", "退订回", "回T退订", "回TD退订", "回复TD", "回复T退", "回R退订"}, "opt-out-in-notice", IN_NOTICE | IN_ALERT, true,
     "通知类短信不能带退订语（会被当作推广拒发）。请删去；真是推广，请用 promotion 类别发送。",
     "a notice must not carry an opt-out line: delete it, or send it as a promotion"},
    {{"中奖", "抽奖", "奖金", "返现", "优惠", "打折", "特价", "促销", "秒杀", "红包", "代金券", "折扣"}, "promotion-word", IN_NOTICE | IN_ALERT, false,
     "这像推广内容。通知类里出现会被拦截：请删去，或用 promotion 类别发送（带退订语，只在白天发）。",
     "this reads like a promotion and is blocked in notices: take it out, or send it as a promotion"},
    {{"节快乐", "节日快乐", "新年快乐", "新春快乐", "中秋快乐", "国庆快乐", "端午安康", "生日快乐", "恭贺新禧", "阖家欢乐", "阖家幸福"}, "greeting", IN_NOTICE | IN_ALERT, false,
     "节日祝福被服务商算作推广。只留活动的时间地点，或用 promotion 类别发送。",
     "greetings count as promotions: keep time and place only, or send it as a promotion"},
    {{"募捐", "捐款", "义捐", "众筹"}, "donation", IN_ALL, true,
     "服务商不发募捐内容。请改为“详情请到社区服务中心咨询”。",
     "providers refuse appeals for donations: ask people to come to the office instead"},
    {{"问卷", "调查表", "填写链接", "投票链接"}, "survey", IN_ALL, false,
     "问卷类内容常被拦截。请让居民直接回复短信作答（crier 会登记）。",
     "surveys are often blocked: let people answer by replying, crier counts the answers"},
    {{"贷款", "借款", "套现", "信用卡", "股票", "理财", "保险推销"}, "finance", IN_ALL, true,
     "金融类内容需要专门资质，会被拒发。请删去。",
     "financial content needs a licence and is refused: take it out"},
    {{"发票", "代开", "退税"}, "invoice", IN_ALL, false,
     "“发票”“退税”常被当作诈骗拦截。请换一种说法。",
     "words about invoices and tax refunds are blocked as fraud: say it another way"},
    {{"赌博", "博彩", "六合彩", "彩票", "棋牌"}, "gambling", IN_ALL, true,
     "涉赌词语一律拒发。宣传反赌请写“远离违法活动”。",
     "words about gambling are always refused, also in warnings against it"},
    {{"t.cn/", "dwz.cn", "url.cn", "bit.ly", "suo.im", "tinyurl", "goo.gl"}, "short-link", IN_ALL, true,
     "短链接一律被拦截。请写完整的备案网址，或让居民回复短信。",
     "shortened links are always blocked: write the whole registered address, or let people reply"},
    {{"http://", "https://", "www."}, "link", IN_ALL, false,
     "链接要先向服务商报备，否则会被拦截；老人也点不开。能不写就不写。",
     "links have to be registered with the provider, or the message is blocked: leave them out if you can"},
    {{"最优惠", "国家级", "最高级", "第一品牌"}, "superlative", IN_PROMOTION, true,
     "广告法不允许绝对化用语。请改为具体事实。",
     "superlatives are against the advertising law: state facts"},
};
/* clang-format on */
const size_t lint_n_words = ARRAY_LEN(lint_words);
