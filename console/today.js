// 今天: whether all is well, what is being sent, what was sent lately.

import { $, call, element, errors, guarded, table, time, words } from "./lib.js";

export function counts(n) {
  const c = n.counts;
  return { sent: c.accepted + c.delivered, failed: c.failed + c.exhausted, unknown: c.unknown };
}

function left(n) {
  if (n.eta_s === null || n.eta_s === undefined) return "";
  return n.eta_s < 90 ? `约${Math.max(1, Math.round(n.eta_s))}秒发完` : `约${Math.round(n.eta_s / 60)}分钟发完`;
}

function runningRow(n) {
  const c = counts(n);
  const bar = element("progress", { max: Math.max(1, n.total), value: c.sent + c.failed + c.unknown });
  bar.setAttribute("aria-label", `${n.id} 的进度`);
  return [element("span", { title: n.id, textContent: n.title || n.id }), words.lane[n.lane], bar, `${c.sent}/${n.total}`, n.rate > 0 ? `每秒 ${n.rate.toFixed(0)} 条，${left(n)}` : words.state[n.state]];
}

function durability(d) {
  if (d.daemon_crash === undefined || !d.words) return d.words || "";
  const kept = (yes) => (yes ? "不丢失" : "可能丢失");
  return `已收下的预警：程序崩溃${kept(d.daemon_crash)}，数据库崩溃${kept(d.redis_crash)}，主机断电${kept(d.power_loss)}。`;
}

let again = null;

/* While something is under way the page looks again by itself. */
function lookAgain(busy) {
  clearTimeout(again);
  if (busy) again = setTimeout(guarded(async () => { if (!$("today").hidden) await today(); }), 1500);
}

export async function today() {
  const [status, recent] = await Promise.all([call("GET", "/api/v1/status"), call("GET", "/api/v1/notices?limit=20").catch(() => ({ items: [] }))]);
  const due = [[status.rejected, "条交来的通知没有被接受，请看“未接受”。"],
               [(status.expired || []).length, "条通知在过去24小时里过期，没有发完，请管理员查看（crier status）。"],
               [status.inbox, "条居民短信等您回复，请看“收件箱”。"]].filter(([n]) => n > 0);
  $("ready").textContent = !status.ready ? "现在不能正常发送。" : due.length > 0 ? "可以发送，另有事情要处理：" : "一切正常，可以发送。";
  $("ready").className = "ready " + (status.ready ? "good" : "bad");
  $("problems").replaceChildren(...status.problems.map((p) => element("li", { className: "bad", textContent: p })),
                                ...due.map(([n, what]) => element("li", { textContent: `有 ${n} ${what}` })));
  $("durability").textContent = durability(status.durability);
  $("running").replaceChildren(table(["内容", "级别", "进度", "已发", ""], status.running.map(runningRow)));
  $("recent").replaceChildren(table(["内容", "级别", "状态", "人数", "已发", "失败", "不明", "时间"], recent.items.map((n) => {
    const c = counts(n);
    const says = element("span", { title: n.id, textContent: n.title || n.id });
    return [says, words.lane[n.lane], words.state[n.state] + (n.reason ? `（${errors[n.reason] || n.reason}）` : ""), n.staged ? n.total : "未定", c.sent, c.failed, c.unknown, time(n.due_at || n.created_at)];
  })));
  lookAgain(status.running.length > 0 || recent.items.some((n) => ["staging", "running", "auditing"].includes(n.state)));
}
