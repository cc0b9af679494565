// What every page uses: words, pieces of a page, the way to the server. Everything from outside is put on the page as text, never as HTML.

export const $ = (id) => document.getElementById(id);
export const words = {
  state: { staging: "准备名单", "awaiting-approval": "等待批准", scheduled: "已定时", running: "正在发送", paused: "已暂停", auditing: "核对中",
           done: "已完成", cancelled: "已取消", expired: "已过期", rejected: "未接受" },
  lane: { emergency: "紧急", urgent: "加急", normal: "普通", bulk: "批量" },
  activity: { planned: "未开始报名", open: "报名中", closed: "已截止", cancelled: "已取消" },
  level: { blue: "蓝色", yellow: "黄色", orange: "橙色", red: "红色" },
  status: { confirmed: "已报名", waiting: "候补", withdrawn: "已退出", attended: "已签到", offered: "待确认" },
};
export const errors = {
  "token-missing": "请先输入口令。", "token-bad": "口令不对，或已被注销。", "too-many-bad-tokens": "输错口令的次数太多，请一分钟后再试。",
  role: "您的口令没有这项权限，请联系管理员。", "no-text": "内容是空的。", "no-sandbox": "这里没有模拟手机：配置中没有 sandbox 通道。", "bad-phone": "手机号码不对。", "bad-audience": "发给谁写得不对。",
  "empty-audience": "没有符合条件的居民",
  "id-conflict": "这个编号已经用过，内容却不一样。", "bad-json": "交来的内容不是 JSON。", "unknown-member": "交来的内容里有系统不认识的项目。", "too-large": "内容太长。",
  "bad-id": "编号不合规定。", "alert-incomplete": "预警缺少发布单位、发布时间或有效期。", "bad-template": "内容里的 {{…}} 写得不对。", "bad-reply": "服务商转来的短信读不懂。",
  "not-retried": "服务商转来的短信不能重新提交。", "bad-csv": "读不懂这个表格文件。", "bad-header": "表格第一行要有“姓名”和“手机”两列，每列只能有一个。",
  "unknown-variable": "内容里有系统不认识的 {{…}}，居民资料中没有这一项。", "not-after-passed": "这个时间已经过去了。", "bad-time": "时间不对。",
  "seats-taken": "名额不能比已经报名的人数少，也不能少到候补的一家人永远排不上。", "changed-meanwhile": "刚才有人也改了这个活动，请刷新后再改。",
  "redis-unavailable": "数据库连不上，没有办成，请稍后再试。", "redis-unsure": "数据库没有答复，不能确定是否办成，请先在“今天”里核对再重试。",
};
export const here = { community: "" };

/* ---- pieces of a page ---- */

export function element(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties || {});
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

export function table(titles, rows) {
  if (rows.length === 0) return element("p", { className: "note", textContent: "暂无。" });
  const head = element("tr", {}, ...titles.map((t) => element("th", { textContent: t })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((c) => (c instanceof Node ? element("td", {}, c) : element("td", { textContent: c ?? "" })))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

// The server gives the community's own clock ("2026-11-28T08:00:00+08:00"): that is what residents read, wherever this browser stands.
export function time(at) {
  const m = /^\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(at || "");
  return m ? `${Number(m[1])}月${Number(m[2])}日 ${m[3]}` : "";
}

export function say(text, bad) {
  $("message").hidden = !text;
  $("message").className = bad ? "bad" : "";
  $("message").textContent = text || "";
}

export function button(text, onclick) {
  return element("button", { type: "button", className: "row-button", textContent: text, onclick: guarded(onclick) });
}

/* ---- the way to the server ---- */

/* The same key again makes nothing new: whoever asks a second time because no answer came gives the first one's. */
export function newKey() {
  return crypto.randomUUID ? crypto.randomUUID() : String(Math.random()) + Date.now();
}

/* ${body}: an object, or the bytes of a CSV file. */
export async function call(method, path, body, key) {
  const url = new URL(path, location.origin);
  if (here.community && !url.searchParams.has("community")) url.searchParams.set("community", here.community);
  const headers = { Authorization: "Bearer " + (sessionStorage.getItem("token") || "") };
  const bytes = body instanceof Uint8Array;
  if (body !== undefined) headers["Content-Type"] = bytes ? "text/csv" : "application/json";
  if (method === "POST") headers["Idempotency-Key"] = key || newKey();
  const answer = await fetch(url, { method, headers, body: body === undefined || bytes ? body : JSON.stringify(body) });
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  const error = new Error(json.error ? errors[json.error.code] || json.error.message : "服务器回答 " + answer.status);
  error.status = answer.status;
  throw error;
}

/* A key that is good no more ends the session; app.js shows the login. */
export function report(error) {
  if (error.status === 401) {
    sessionStorage.removeItem("token");
    window.dispatchEvent(new Event("signed-out"));
  }
  say(error.message || String(error), true);
}

export const guarded = (f) => (...a) => Promise.resolve(f(...a)).catch(report);
