// 预警: what was warned of, and how far it came.

import { $, call, element, table, time, words } from "./lib.js";
import { counts } from "./today.js";

const SHOWN = 20;

/* "橙色 台风 海口市气象台"; the list tells less than the notice itself. */
function origin(alert) {
  if (!alert) return "";
  return [alert.exercise ? "【演练】" : "", words.level[alert.level] || alert.level, alert.event, alert.issuer].filter(Boolean).join(" ");
}

function row(n) {
  const c = counts(n);
  return [element("span", { title: n.id, textContent: n.title || n.id }), n.kind === "allclear" ? "解除" : origin(n.alert), words.state[n.state],
          n.staged ? `${c.sent}/${n.total}` : "未定", c.failed, c.unknown, time(n.created_at), time(n.not_after)];
}

export async function alerts() {
  const list = await call("GET", `/api/v1/notices?kind=alert,allclear&limit=${SHOWN}`);
  const whole = await Promise.all(list.items.map((n) => call("GET", `/api/v1/notices/${encodeURIComponent(n.id)}`)));
  $("alert-list").replaceChildren(table(["预警", "来源", "状态", "已发", "失败", "不明", "收到", "有效至"], whole.map(row)));
}
