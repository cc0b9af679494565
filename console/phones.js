// 模拟手机: the phones of driver sandbox.

import { $, button, call, element, guarded, table, time } from "./lib.js";

let phone = null;

async function showPhone(number) {
  phone = number;
  const one = await call("GET", `/api/v1/sandbox/phones/${encodeURIComponent(number)}?full=1`);
  $("phone").replaceChildren(element("h3", { textContent: number }), ...one.messages.map((m) =>
    element("div", { className: "bubble" + (m.direction === "from-phone" ? " out" : "") }, m.text, element("time", { textContent: time(m.at) }))));
  $("phone-form").hidden = false;
}

export async function phones() {
  const list = await call("GET", "/api/v1/sandbox/phones?full=1&limit=200");
  $("phone-list").replaceChildren(table(["手机", "最近一条"], list.items.map((p) => [
    button(p.phone, () => showPhone(p.phone)),
    p.last ? p.last.text.slice(0, 30) : ""])));
  if (phone) await showPhone(phone);
}

$("phone-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  await call("POST", `/api/v1/sandbox/phones/${encodeURIComponent(phone)}/text`, { text: $("phone-text").value });
  $("phone-text").value = "";
  await showPhone(phone);
}));
