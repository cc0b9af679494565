// 写通知: nothing is sent that was not looked at.

import { $, call, element, guarded, newKey, say, time } from "./lib.js";

const isLater = () => document.querySelector("input[name=when]:checked").value === "later";

function notice() {
  const who = document.querySelector("input[name=who]:checked").value;
  const list = $("who-list").value.split(/[、，,;；\s]+/).filter(Boolean);
  const to = who === "everyone" ? { everyone: true } : who === "activity" ? { activity: list[0] || "" } : { [who]: list };
  return { v: 1, kind: "notice", to, text: $("text").value };
}

/* What was typed is meant on the community's clock, wherever this browser stands: the offset is what the server writes behind its times. */
function onCommunityClock(typed, serverTime) {
  return (typed.length === 16 ? typed + ":00" : typed) + /(?:Z|[+-]\d\d:\d\d)$/.exec(serverTime)[0];
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

function describe(dry) {
  const lines = [`共 ${dry.recipients} 人，其中 ${dry.suppressed} 人已退订不发；每人 ${dry.parts} 条，合计 ${dry.messages} 条${dry.cost === null ? "" : `，约 ${dry.cost.toFixed(2)} 元`}。`];
  if (dry.send_at) lines.push(`发送时间：${time(dry.send_at)}（社区当地时间）。`);
  return lines.map((line) => element("p", { textContent: line }));
}

function objections(dry) {
  const lines = (dry.warnings || []).map((w) => w.message);
  if ((dry.providers || []).length === 0) lines.push("没有能发送这条内容的通道，请联系管理员。");
  return element("ul", {}, ...lines.map((line) => element("li", { className: "bad", textContent: line })));
}

/* One key for what was looked at: sent again because no answer came, it is still one notice. */
function send(body, key) {
  return guarded(async () => {
    $("send").disabled = true;
    try {
      const done = await call("POST", "/api/v1/notices", body, key);
      $("write-form").reset();
      forget();
      say(`已收下，编号 ${done.id}。在“今天”里可以看到进度。`);
    } finally {
      $("send").disabled = false;
    }
  });
}

async function check() {
  forget();
  if (isLater() && !$("at").value) throw new Error("请填写定时发送的时间，或选择“现在”。");
  say("");
  const body = notice();
  let dry = await call("POST", "/api/v1/notices?dry=1", body);
  if (isLater()) {
    body.send_at = onCommunityClock($("at").value, dry.not_after);
    dry = await call("POST", "/api/v1/notices?dry=1", body);
  }
  const people = dry.recipients - dry.suppressed;
  $("preview").replaceChildren(element("div", { className: "bubble", textContent: dry.text }), ...describe(dry), objections(dry));
  $("send").hidden = people <= 0 || (dry.providers || []).length === 0;
  $("send").textContent = body.send_at ? `定时发送给 ${people} 人` : `发送给 ${people} 人`;
  $("send").onclick = send(body, newKey());
}

$("text").addEventListener("change", guarded(measure));
$("write-form").addEventListener("input", forget);
$("write-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  await check();
}));
