// The console: one page over the HTTP API. Everything from outside is put on the page as text, never as HTML.

const $ = (id) => document.getElementById(id);
const sections = ["today", "write", "activities", "inbox", "phones"];
const words = {
  state: { staging: "准备名单", "awaiting-approval": "等待批准", scheduled: "已定时", running: "正在发送", paused: "已暂停", auditing: "核对中",
           done: "已完成", cancelled: "已取消", expired: "已过期", rejected: "未接受" },
  lane: { emergency: "紧急", urgent: "加急", normal: "普通", bulk: "批量" },
  activity: { planned: "未开始报名", open: "报名中", closed: "已截止", cancelled: "已取消" },
  status: { confirmed: "已报名", waiting: "候补", withdrawn: "已退出", attended: "已签到" },
};
const errors = {
  "token-missing": "请先输入口令。", "token-bad": "口令不对，或已被注销。", "too-many-bad-tokens": "输错口令的次数太多，请一分钟后再试。",
  role: "您的口令没有这项权限，请联系管理员。", "no-text": "内容是空的。", "no-sandbox": "这里没有模拟手机：配置中没有 sandbox 通道。", "bad-phone": "手机号码不对。", "bad-audience": "没有写明发给谁。",
  "empty-audience": "没有符合条件的居民",
  "unknown-variable": "内容里有系统不认识的 {{…}}，居民资料中没有这一项。", "not-after-passed": "这个时间已经过去了。", "bad-time": "时间不对。",
  "seats-taken": "名额不能比已经报名的人数少，也不能少到候补的一家人永远排不上。", "changed-meanwhile": "刚才有人也改了这个活动，请刷新后再改。",
  "redis-unavailable": "数据库连不上，没有办成，请稍后再试。", "redis-unsure": "数据库没有答复，不能确定是否办成，请先在“今天”里核对再重试。",
};
let community = "";
let phone = null;

/* ---- small tools ---- */

function element(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties || {});
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

function table(titles, rows) {
  if (rows.length === 0) return element("p", { className: "note", textContent: "暂无。" });
  const head = element("tr", {}, ...titles.map((t) => element("th", { textContent: t })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((c) => (c instanceof Node ? element("td", {}, c) : element("td", { textContent: c ?? "" })))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

// The server gives the community's own clock ("2026-11-28T08:00:00+08:00"): that is what residents read, wherever this browser stands.
function time(at) {
  const m = /^\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(at || "");
  return m ? `${Number(m[1])}月${Number(m[2])}日 ${m[3]}` : "";
}

function say(text, bad) {
  $("message").hidden = !text;
  $("message").className = bad ? "bad" : "";
  $("message").textContent = text || "";
}

async function call(method, path, body) {
  const url = new URL(path, location.origin);
  if (community && !url.searchParams.has("community")) url.searchParams.set("community", community);
  const headers = { Authorization: "Bearer " + (sessionStorage.getItem("token") || "") };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()) + Date.now();
  const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  const error = new Error(json.error ? errors[json.error.code] || json.error.message : "服务器回答 " + answer.status);
  error.status = answer.status;
  throw error;
}

function report(error) {
  if (error.status === 401) {
    sessionStorage.removeItem("token");
    show();
    say(error.message, true);
  } else say(error.message || String(error), true);
}

const guarded = (f) => (...a) => Promise.resolve(f(...a)).catch(report);

/* ---- 今天 ---- */

function counts(n) {
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
  if (busy) again = setTimeout(guarded(async () => { if (show() === "today") await today(); }), 1500);
}

async function today() {
  const [status, recent] = await Promise.all([call("GET", "/api/v1/status"), call("GET", "/api/v1/notices?limit=20").catch(() => ({ items: [] }))]);
  const due = [[status.rejected, "条交来的通知没有被接受，请管理员查看（crier rejected list）。"],
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

/* ---- 写通知 ---- */

function notice() {
  const who = document.querySelector("input[name=who]:checked").value;
  const list = $("who-list").value.split(/[、，,;；\s]+/).filter(Boolean);
  const to = who === "everyone" ? { everyone: true } : who === "activity" ? { activity: list[0] || "" } : { [who]: list };
  const body = { v: 1, kind: "notice", to, text: $("text").value };
  if (document.querySelector("input[name=when]:checked").value === "later") body.send_at = new Date($("at").value).toISOString();
  return body;
}

async function measure() {
  $("send").hidden = true;
  if (!$("text").value) {
    $("measure").textContent = "";
    return;
  }
  const dry = await call("POST", "/api/v1/notices?dry=1", { ...notice(), to: { phones: ["+8613800138000"] } });
  $("measure").textContent = ` ${dry.characters} 个字，每人 ${dry.parts} 条短信${dry.approximate ? "（姓名按三个字估计）" : ""}。`;
}

/* What was looked at is what is sent: whoever changes the form afterwards looks again. */
function forget() {
  $("send").hidden = true;
  $("preview").replaceChildren();
}

async function check() {
  forget();
  if (document.querySelector("input[name=when]:checked").value === "later" && !$("at").value) throw new Error("请填写定时发送的时间，或选择“现在”。");
  say("");
  const body = notice();
  const dry = await call("POST", "/api/v1/notices?dry=1", body);
  const people = dry.recipients - dry.suppressed;
  $("preview").replaceChildren(
    element("div", { className: "bubble", textContent: dry.text }),
    element("p", { textContent: `共 ${dry.recipients} 人，其中 ${dry.suppressed} 人已退订不发；每人 ${dry.parts} 条，合计 ${dry.messages} 条。` }),
    dry.send_at ? element("p", { textContent: `发送时间：${time(dry.send_at)}（社区当地时间）。` }) : "");
  $("send").hidden = people <= 0;
  $("send").textContent = body.send_at ? `定时发送给 ${people} 人` : `发送给 ${people} 人`;
  $("send").onclick = guarded(async () => {
    $("send").disabled = true;
    try {
      const done = await call("POST", "/api/v1/notices", body);
      $("write-form").reset();
      $("preview").replaceChildren();
      $("send").hidden = true;
      say(`已收下，编号 ${done.id}。在“今天”里可以看到进度。`);
    } finally {
      $("send").disabled = false;
    }
  });
}

/* ---- 活动报名 ---- */

/* Times of the form are the community's, like all others on the page: what is not touched goes back as it came. */
function changes(a) {
  const body = { quiet: $("change-quiet").checked };
  if ($("change-title").value !== a.title) body.title = $("change-title").value;
  if ($("change-place").value !== a.place) body.place = $("change-place").value;
  if (Number($("change-seats").value) !== a.seats) body.seats = Number($("change-seats").value);
  if ($("change-starts").value !== a.starts_at.slice(0, 16)) body.starts_at = $("change-starts").value + ":00";
  return body;
}

/* First what would happen and how many would be told; done only after the answer is yes. */
async function carryOut(path, body, what) {
  const dry = await call("POST", path + "?dry=1", body);
  if (dry.changed.length === 0) return say("没有需要改的。");
  const told = dry.notice ? `将通知 ${dry.told} 人：\n${dry.text}` : "不会发短信通知任何人。";
  const up = dry.promoted > 0 ? `候补 ${dry.promoted} 位将转为正式。\n` : "";
  if (!confirm(`${what}\n${up}${told}`)) return undefined;
  const done = await call("POST", path, body);
  say(done.notice ? `已办好，正在通知 ${done.told} 人（编号 ${done.notice}）。` : "已办好，没有通知任何人。");
  $("change-form").hidden = true;
  return activities();
}

function changeForm(a) {
  const path = `/api/v1/activities/${encodeURIComponent(a.code)}`;
  $("change-form").reset();
  $("change-form").hidden = a.state === "cancelled";
  $("change-title").value = a.title;
  $("change-starts").value = a.starts_at.slice(0, 16);
  $("change-place").value = a.place;
  $("change-seats").value = a.seats;
  $("change-form").onsubmit = guarded((event) => {
    event.preventDefault();
    return carryOut(path + "/change", changes(a), `修改 ${a.title}？`);
  });
  $("change-off").onclick = guarded(() => carryOut(path + "/cancel", { because: $("change-because").value, quiet: $("change-quiet").checked }, `取消 ${a.title}？取消后不能再报名。`));
}

async function roster(code, title) {
  const list = await call("GET", `/api/v1/activities/${encodeURIComponent(code)}/roster?limit=1000`);
  $("roster").replaceChildren(element("h3", { textContent: title + " 名单" }), table(["序号", "姓名", "手机", "人数", "状态"], list.items.map((r) =>
    [r.place ?? (r.position ? `候补 ${r.position}` : ""), r.name, r.phone, r.count, words.status[r.status]])));
}

async function activities() {
  const list = await call("GET", "/api/v1/activities?limit=1000");
  $("activity-list").replaceChildren(table(["活动", "状态", "已报名", "名额", "候补", "开始"], list.items.map((a) => {
    const open = element("button", { type: "button", className: "row-button", textContent: a.title, onclick: guarded(async () => {
      await roster(a.code, a.title);
      changeForm(a);
    }) });
    return [open, words.activity[a.state], a.taken, a.seats, a.waiting, time(a.starts_at)];
  })));
}

/* ---- 收件箱 ---- */

function answerForm(entry) {
  if (entry.answered) return "已回复";
  const input = element("input", { required: true, placeholder: "回复内容" });
  input.setAttribute("aria-label", "回复 " + (entry.name || entry.from));
  return element("form", {
    onsubmit: guarded(async (event) => {
      event.preventDefault();
      await call("POST", `/api/v1/inbox/${encodeURIComponent(entry.key)}/answer`, { text: input.value });
      await inbox();
    }),
  }, input, element("button", { textContent: "回复" }));
}

async function inbox() {
  const list = await call("GET", "/api/v1/inbox?limit=100");
  $("inbox-list").replaceChildren(table(["时间", "来自", "内容", ""], list.items.map((e) => [time(e.at), `${e.name || ""} ${e.from || ""}`, e.text, answerForm(e)])));
}

/* ---- 模拟手机 ---- */

async function showPhone(number) {
  phone = number;
  const one = await call("GET", `/api/v1/sandbox/phones/${encodeURIComponent(number)}?full=1`);
  $("phone").replaceChildren(element("h3", { textContent: number }), ...one.messages.map((m) =>
    element("div", { className: "bubble" + (m.direction === "from-phone" ? " out" : "") }, m.text, element("time", { textContent: time(m.at) }))));
  $("phone-form").hidden = false;
}

async function phones() {
  const list = await call("GET", "/api/v1/sandbox/phones?full=1&limit=200");
  $("phone-list").replaceChildren(table(["手机", "最近一条"], list.items.map((p) => [
    element("button", { type: "button", className: "row-button", textContent: p.phone, onclick: guarded(() => showPhone(p.phone)) }),
    p.last ? p.last.text.slice(0, 30) : ""])));
  if (phone) await showPhone(phone);
}

/* ---- which page ---- */

const pages = { today, write: async () => {}, activities, inbox, phones };

function show() {
  const signedIn = sessionStorage.getItem("token") !== null;
  const page = sections.includes(location.hash.slice(1)) ? location.hash.slice(1) : "today";
  $("login").hidden = signedIn;
  for (const s of sections) $(s).hidden = !signedIn || s !== page;
  for (const a of document.querySelectorAll("nav a")) {
    if (a.hash === "#" + page) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  return signedIn ? page : null;
}

async function refresh() {
  const page = show();
  if (page) await pages[page]();
}

async function findCommunities() {
  const list = await call("GET", "/api/v1/providers?limit=1000");
  const names = [...new Set(list.items.map((p) => p.community))];
  if (names.length < 2) return;
  $("community").replaceChildren(...names.map((n) => element("option", { value: n, textContent: n })));
  $("community-box").hidden = false;
  community = community || names[0];
}

/* Server-sent events with a token: fetch, because EventSource cannot carry one. They only tell that something changed. */
async function watch() {
  let timer = null;
  const later = () => {
    timer = timer || setTimeout(() => {
      timer = null;
      if (["today", "phones"].includes(show())) guarded(refresh)();
    }, 700);
  };
  for (;;) {
    try {
      const answer = await fetch("/api/v1/events", { headers: { Authorization: "Bearer " + sessionStorage.getItem("token") } });
      if (answer.status === 401) return;
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      for (let part = await reader.read(); !part.done; part = await reader.read())
        if (decoder.decode(part.value, { stream: true }).includes("event:")) later();
    } catch (error) {
      say("与服务器的连接断开了，正在重新连接。", true);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function enter() {
  await findCommunities();
  await refresh();
  watch();
}

$("login-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  $("token").value = "";
  say("");
  await enter();
}));
$("community").addEventListener("change", guarded(async () => {
  community = $("community").value;
  await refresh();
}));
$("text").addEventListener("change", guarded(measure));
$("write-form").addEventListener("input", forget);
$("write-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  await check();
}));
$("phone-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  await call("POST", `/api/v1/sandbox/phones/${encodeURIComponent(phone)}/text`, { text: $("phone-text").value });
  $("phone-text").value = "";
  await showPhone(phone);
}));
window.addEventListener("hashchange", guarded(async () => {
  say("");
  await refresh();
}));

if (show()) guarded(enter)();
