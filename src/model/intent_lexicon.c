/* What people say around a keyword. Order is of no matter: the longest word at a place counts. A word that is here and among
 * the keywords (intent_words.c) is the keyword. Everything is folded: simplified characters, lower case, half width. */
#include "model/intent_parts.h"

#include <string.h>

#include "base/mem.h"

/* clang-format off */
const struct intent_lexicon_row intent_lexicon[] = {
    {IC_ME, "我|侬|老子|我哋|我地|我们|我家|我们家|咱家|我们一家|咱|咱们|俺|本人|我要|我想|我想要|我们要|我们想|帮我|帮我们|帮忙|请帮我|给我|给我们|替我|我先|我还是|我就|我也|我决定|我是|"
            "i|i am|i'd|i'd like to|i would like to|i want to|i wanna|i will|i'll|i'm|me|we|we'll|we will|please let me"},
    {IC_FILL, "喂|今日|听日|唔该|唔该晒|唔好意思|各位|同志|劳驾|登记|登记一下|帮忙登记|咧|打扰|打扰了|打扰一下|打扰您了|添麻烦了|给你们添麻烦了|给您添麻烦了|遗憾|很遗憾|非常遗憾|通知您|告诉您|告知您|"
              "理解|谅解|请谅解|望谅解|放心|请放心|这几天|过几天|你们的|请|请问一下|麻烦|麻烦你|麻烦您|麻烦你们|麻烦帮忙|请你|请您|请你们|请您帮忙|你好|您好|你们好|大家好|老师|老师好|主任|主任好|管理员|工作人员|社区|居委会|小区|村委会|"
              "谢谢|谢谢你|谢谢您|谢谢老师|谢谢大家|多谢|感谢|辛苦|辛苦了|辛苦你了|辛苦您了|辛苦大家|拜托|拜托了|不好意思|抱歉|对不起|非常抱歉|实在抱歉|真不好意思|不见不散|没关系|"
              "算了|掉|肯定|准时|按时|绝对|一切|但是|但|不过|可是|可惜|只是|结果|一下|吧|啊|呀|哦|噢|哈|哈哈|嘿嘿|喽|咯|嗯|嗯嗯|诶|唉|哎|嗨|哇|滴|哒|呗|嘛|的|地|得|也|都|全|就|现在|马上|今天|这|那|这个|那个|这次|那次|本次|此次|次|想|要|需要|愿意|愿|希望|先|还|"
              "下次再来|下次再去|下次再参加|下次再报|下次再报名|下次再约|下次参加|下次一定|下次吧|下次见|下回再来|有机会再来|好|好的|好啊|好呀|嗯好|行|行的|对|是|是的|收到|知道了|明白|必须|一定|一起|一家|全家|一共|总共|共|合计|大人|小孩|大人小孩|我叫|姓名|名字|联系人|叫|电话|手机|手机号|"
              "一个|个|位|给|替|把|向|到|在|于|为|回复|回|选|选择|按|发送|人数|填|加油|期待|开心|新年快乐|节日快乐|祝好|我的|本|该|确定|确认|决定|临时|真的|实在|最后|终于|只好|只能|必须得|"
              "please|pls|plz|thanks|thank you|thx|ty|hi|hello|hey|dear|sir|madam|the|a|an|for|to|of|on|at|my|our|ok|okay|yes|yeah|sure|sorry|very|so|too|and also|just|now|today|in|it|this|that|want|like|have to|need|need to|must|would like to|"
              "from|number|reply|people|persons|person|guys|us|both|all"},
    {IC_LE, "咗|了|啦|喇|嘞"},
    {IC_GENERIC, "活动|比赛|大赛|赛|赛事|项目|名额|位置|位子|座位|席位|一场|场|参赛|比赛活动|课|班|队|球队|组|营|节|杯|票|门票|本周|这周|周末|晚上|上午|下午|早上|中午|今晚|明晚|明早|明天|后天|"
                 "周一|周二|周三|周四|周五|周六|周日|周天|星期一|星期二|星期三|星期四|星期五|星期六|星期日|星期天|下周|下周一|下周二|下周三|下周四|下周五|下周六|下周日|本周六|本周日|这周六|这周日|月底|月初|国庆|"
                 "activity|activities|event|game|match|class|course|registration|reservation|booking|spot|spots|seat|seats|place|team|tomorrow|tonight|saturday|sunday|monday|tuesday|wednesday|thursday|friday|weekend|session"},
    {IC_KIN, "老头子|老太婆|老头|老太|老爷子|老两口|老婆|老公|爱人|对象|孩子|小孩子|儿子|女儿|宝宝|宝贝|娃|孙子|孙女|外孙|外孙女|爸|妈|爸爸|妈妈|我爸|我妈|父亲|母亲|父母|爸妈|爷爷|奶奶|外公|外婆|公公|婆婆|岳父|岳母|哥|哥哥|姐|姐姐|弟弟|妹妹|"
             "朋友|同事|同学|邻居|家人|家属|老伴|亲戚|媳妇|丈夫|妻子|老人|wife|husband|son|daughter|kid|kids|child|children|friend|friends|mother|father|mom|dad|family"},
    {IC_WITH, "和|跟|与|带|带上|加上|还有|以及|及|同|and|with|plus"},
    {IC_REASON, "有事|有事情|有点事|有急事|临时有事|家里有事|家里有点事|家里临时有事|生病|生病了|病了|感冒|感冒了|发烧|发烧了|住院|住院了|受伤|受伤了|崴脚|崴了脚|加班|要加班|出差|要出差|上班|要上班|开会|要开会|值班|"
                "没空|没时间|没有时间|没有空|没有空闲|时间冲突|有冲突|冲突了|时间不合适|时间不行|来不及|来不及了|赶不上|赶不上了|赶不回来|走不开|抽不开身|抽不出时间|不舒服|身体不适|身体不舒服|不方便|行程有变|计划有变|有变|有安排|有别的安排|另有安排|"
                "落雨|落大雨|要照顾|回老家|要回老家|下雨|下大雨|下暴雨|台风|暴雨|天气不好|刮风|打雷|腿疼|脚疼|腰疼|头疼|因为|由于|sick|ill|busy|injured|travelling|traveling|out of town|i'm out of town|i am out of town|im out of town|working|have to work|something came up|because"},
    {IC_NEG, "唔|唔好|唔系|唔会|唔使|冇|咪|懒得|用不着|谈不上|没想|没想过|个屁|个鬼|个头|个毛|你妹|不|没|没有|别|不要|不用|不想|不能|不会|不是|不必|不准|不可|不可以|不得|不该|不应该|未|勿|无|非|拒绝|莫|甭|别再|"
             "not going to cancel|not going to leave|not going to withdraw|not going to quit|not going to miss|not gonna|not|no|don't|dont|do not|didn't|did not|doesn't|never|without|isn't|aren't|can't|cant|cannot|won't|wont|haven't|have not|hasn't"},
    {IC_ASK, "咩|系咪|点解|边个|几时|吗|么|呢|什么|啥|哪|哪里|哪儿|哪个|哪些|哪天|谁|几|几点|几号|几个|几人|几位|多少|多久|多大|多长|多远|何时|何地|何处|为什么|为何|为啥|是否|能否|可否|有没有|是不是|能不能|可不可以|可以不|会不会|要不要|怎么样|怎样了|请问|"
             "what|when|where|who|whom|whose|which|why|can i|can we|could i|could you|can you|could|is|is it|is there|are|are there|do|do i|do you|does|did|should|should i|may i|will there|will it|would|how many|how much|how long|how old|how about|any"},
    {IC_HOWTO, "点样|啷个|怎么|如何|怎样|咋|咋样|怎么才能|怎样才能|如何才能|how|how to|how do i|how can i|how do we|how can we|how could i"},
    {IC_COND, "如果|要是|假如|假设|假使|倘若|若|若是|的话|万一|可能|也许|或许|大概|恐怕|估计|说不定|看情况|到时|到时候|考虑|考虑一下|想想|想一想|再说|再看|再看看|再想想|等|等等|等下|等一下|打算|准备|计划|犹豫|纠结|暂时|暂|暂不|"
              "以后|下次|下回|改天|之后|之前|以前|忘|忘了|忘记|忘记了|应该|知道|建议|或者|或|再|又|才|除非|除了|只要|只有|一旦|否则|要不|不然|免得|每次|每周|每天|一直|总是|经常|差点|怕|害怕|担心|后悔|同意|反对|据|据悉|说|说要|说是|觉得|认为|以为|宁愿|宁可|需不需要|算不算|"
              "if|maybe|perhaps|might|probably|possibly|unless|whether|consider|considering|thinking|think|later|next time|someday|until|or|forgot|forget|suppose|about"},
    {IC_PAST, "已|已经|早已|早就|刚|刚刚|刚才|昨天|前天|上周|上次|上回|去年|本来|原来|原本|曾经|过|之前已经|already|yesterday|last week|last time|previously"},
    {IC_MODAL, "可以|能|能够|可|允许|会|i can|we can|can|may"},
    {IC_THIRD, "他|她|它|他们|她们|它们|别人|人家|有人|没人|某人|大家|其他人|物业|你|您|你们|您们|对方|自己|he|she|they|you|your|his|her|their|someone|somebody|everyone|people say"},
    {IC_OR, "还是|or not"},
    {IC_OWN, "报咗名|报了名|报名成功|报上|报上名|报名上|报进去|登记上|报成功|报名好"},
    {IC_WEAK, "去|来|要去|要来|想去|想来|报|会去|会来|一定去|一定来|准时到|准时去|准时来|i'm coming|im coming|i'll come|i will come|i'll be there|i will be there|we'll be there|coming"},
    {IC_OTHER,
     "报名表|报名费|报名费用|报名处|报名点|报名人数|报名人员|报名名单|报名情况|报名结果|报名时间|报名截止|报名方式|报名方法|报名链接|报名须知|报名条件|报名电话|报名地点|报名地址|报名系统|报名页面|报名入口|报名信息|报名通知|报名短信|报名失败|报名错|报名错了|报名的|"
     "报明天|报明年|报明确|抱明天|报民生|不打扰|不打紧|不打电话|不打架|不打折|算我倒霉|算我没说|算我怕了|算我求你|帮我留意|给我留意|给我留言|帮我留言|给我留下|给我留点|"
     "报名不了|报不了|报不了名|报不上|报不上名|报名不上|报名者|报名资格|报名材料|报名要求|报名工作|报名开始|报名结束|报名满|报名流程|报名渠道|报名单|报名后|报名前|报名时|报名就|报名很|报名真|报名好难|报名网站|报名网址|报名二维码|"
     "参加过|参加者|参加人数|参加人员|参加的|参加费|参加资格|参加条件|参加完|参加后|参加前|参加时|参加不到|"
     "取消原因|取消政策|取消规则|取消资格|取消费|取消不了|取消过|取消通知|取消后|取消前|取消时|取消键|取消按钮|取消的原因|取消得|退出不了|退出者|退出后|"
     "听说|据说|正在|欢迎|踊跃|从速|停止|推迟|延期|开放|继续|进行|取消中|报名中|通知|短信|消息|取消的|关注|订单|套餐|业务|群聊|登录|闹钟|会员|治疗|航班|快递|合同|服务|预订|医保|社保|工作|考试|葬礼|会议|军训|中考|婚礼|追悼会|sick leave|annual leave|maternity leave|on leave|leave work|leave home|leave now|leave at|leave early|leave for|leave from|join us|join me|join you|join them|leave me alone|leave a message|leave message|leave it|订阅|恢复|开始|结束|截止|满|错|成功|失败|来了|去了|来过|去过|来自|来信|来电|去年|去世|报纸|报警|报修|报告|报销|报价|报复|报废|汇报|天气预报|预报|举报|海报|电报|日报|来访|原来是|未来|来源|往来|由来|本来就|去除|去掉|失去|过去|"
     /* common words that begin like a family name */
     "时间|高兴|马上就|许多|白天|安排|安全|万一|路上|路过|金牌|金额|江边|黄金|关门|关于|关心|关系|任何|任务|古董|史上|向前|于是|钱包|单位|单独|温馨|康复|平时|平安|项目组|贺卡|顾虑|高龄|石头|余下|方便|方式|方法|方案|包括|包含|包子|段时间|雷雨|雷阵雨|洪水|陆续|严重|严格|毕竟|"
     "毕业|连续|毛病|颜色|和平|计划书|祝福|祝愿|祝大家|祝你|左右|左边|应聘|常常|常见|经常性|花园|花费|花钱|水电|水费|停水|停电|文化|文件|文明|文艺|明白了|明年|明星|全部|全体|全民|全市|白跑|白费|白色|白菜|黄色|红包|蓝色|米饭|强烈|强风|解决|解除|解释|查看|"
     "查询不到|申请|申诉|车位|车站|车辆|车费|牛奶|羊肉|马路|马桶|高温|高压|高速|高考|沙发|沙滩|沈阳|徐州|郑州|温州|常州|宁波|广州|杭州|房子|房租|房产|房东|方面|程序|程度|田径|田地|田野|夏天|夏季|冬天|秋天|金秋|春天|武汉|江苏|江西|安徽|云南|海南|海口|龙华|龙虾|龙卷风|"
     "成人|成年|成年人|成绩|成员|成本|丁点|石油|宁静|季节|季度|管理|管道|管家|阳台|阳光|万宁|万元|章程|曲子|曲目|包装|谢谢老师们|谢绝|习惯|简单|简直|简历|游客|游戏|游览|屈原|党员|党群|党支部|干部|干净|东西|东边|东风|西边|西瓜|南边|南方|北方|北京|南京|上海|"
     "后来|后面"},
};
/* clang-format on */
const size_t intent_n_lexicon = ARRAY_LEN(intent_lexicon);

const char *const intent_yes_words =
    "1|y|yes|yes "
    "please|yeah|yep|ok|okay|sure|下次再来|下次再去|下次再参加|下次再报|下次再报名|下次再约|下次参加|"
    "下次一定|下次吧|下次见|下回再来|有机会再来|好|好的|好啊|好呀|好哒|行|行的|行啊|可以|可以的|去|我去|要去|"
    "我要去|去的|会去|来|我来|会来|要|我要|要的|是|是的|对|参加|我参加|没问题|算我一个|报|我报|同意|确认|"
    "阔以|要得|必须|必须的|必须去|必须来|冇问题|嗯|嗯嗯|当然|当然去|当然来|当然可以|当然要|"
    "一定去|一定来|好嘅|得嘅|好吧|行吧|可以吧|好好|好好好|去去去|妥|没毛病|yup|definitely|of course";
const char *const intent_no_words =
    "0|n|no|no "
    "thanks|nope|不|不去|不来|不了|不要|不要了|不用|不用了|不参加|不行|不可以|去不了|没空|没时间|算了|唔去|"
    "唔来|唔要|唔得|唔参加|没兴趣|不感兴趣|不想去|不想参加|nah";

bool intent_lexicon_has(const char *words, const struct intent_text *t, size_t from, size_t to)
{
    char word[64] = "";

    if (from >= to || 4 * (to - from) >= sizeof word)
        return false;
    intent_scan_copy(t, from, to, word, sizeof word);
    size_t n = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p++)
        if ((p == words || p[-1] == '|') && (p[n] == '|' || p[n] == '\0'))
            return true;
    return false;
}
