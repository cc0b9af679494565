// 活动报名: activities, and who comes.

import { $, button, call, element, guarded, say, table, time, words } from "./lib.js";

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

export async function activities() {
  const list = await call("GET", "/api/v1/activities?limit=1000");
  $("activity-list").replaceChildren(table(["活动", "状态", "已报名", "名额", "候补", "开始"], list.items.map((a) => {
    return [button(a.title, async () => {
      await roster(a.code, a.title);
      changeForm(a);
    }), words.activity[a.state], a.taken, a.seats, a.waiting, time(a.starts_at)];
  })));
}
