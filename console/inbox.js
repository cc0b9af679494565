// 收件箱: texts of residents that no rule understood. 未接受: what was handed in and refused.

import { $, button, call, element, errors, guarded, table, time } from "./lib.js";

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

export async function inbox() {
  const list = await call("GET", "/api/v1/inbox?limit=100");
  $("inbox-list").replaceChildren(table(["时间", "来自", "内容", ""], list.items.map((e) => [time(e.at), `${e.name || ""} ${e.from || ""}`, e.text, answerForm(e)])));
}

/* ---- 未接受 ---- */

async function decide(entry, what) {
  await call("POST", `/api/v1/rejected/${encodeURIComponent(entry.key)}/${what}`);
  await rejected();
}

export async function rejected() {
  const list = await call("GET", "/api/v1/rejected?limit=100");
  $("rejected-list").replaceChildren(table(["时间", "原因", "交来的内容", ""], list.items.map((e) => [
    time(e.at), element("span", { title: `${e.reason}: ${e.message}`, textContent: errors[e.reason] || e.message }),
    element("div", { className: "entry", textContent: e.entry }),
    element("div", {}, button("重新提交", () => decide(e, "retry")), " ", button("不再需要", () => decide(e, "dismiss")))])));
}
