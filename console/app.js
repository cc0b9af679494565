// The console: one page over the HTTP API. Which of its pages is shown, who may see it, and when it is looked at again.

import { activities } from "./activities.js";
import { alerts } from "./alerts.js";
import { inbox, rejected } from "./inbox.js";
import { $, call, element, guarded, here, say } from "./lib.js";
import { phones } from "./phones.js";
import "./residents.js";
import { today } from "./today.js";
import "./write.js";

const nothing = async () => {};
const pages = { today, write: nothing, alerts, activities, inbox, rejected, residents: nothing, phones };
const LIVE = ["today", "alerts", "phones"]; // without a form that somebody may be filling in

/* The page that is shown, null while nobody has signed in. */
function show() {
  const signedIn = sessionStorage.getItem("token") !== null;
  const page = Object.hasOwn(pages, location.hash.slice(1)) ? location.hash.slice(1) : "today";
  $("login").hidden = signedIn;
  $("menu").hidden = !signedIn;
  $("leave").hidden = !signedIn;
  for (const p of Object.keys(pages)) $(p).hidden = !signedIn || p !== page;
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
  here.community = here.community || names[0];
}

let later = null;

function lookLater() {
  later = later || setTimeout(() => {
    later = null;
    if (LIVE.includes(show())) guarded(refresh)();
  }, 700);
}

/* Server-sent events with a token: fetch, because EventSource cannot carry one. They only tell that something changed. */
async function listen(token) {
  const answer = await fetch("/api/v1/events", { headers: { Authorization: "Bearer " + token } });
  if (answer.status === 401) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    if (decoder.decode(part.value, { stream: true }).includes("event:")) lookLater();
}

/* As long as this token is the one in use. */
async function watch(token) {
  const lost = "与服务器的连接断开了，正在重新连接。";
  while (sessionStorage.getItem("token") === token) {
    try {
      await listen(token);
    } catch (error) {
      say(lost, true);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
    if ($("message").textContent === lost && (await fetch("/healthz").catch(() => ({}))).ok) {
      say("");
      lookLater();
    }
  }
}

async function enter() {
  await findCommunities();
  await refresh();
  watch(sessionStorage.getItem("token"));
}

$("login-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  $("token").value = "";
  say("");
  await enter();
}));
$("leave").addEventListener("click", () => {
  sessionStorage.removeItem("token");
  location.reload();
});
$("community").addEventListener("change", guarded(async () => {
  here.community = $("community").value;
  await refresh();
}));
window.addEventListener("signed-out", show);
window.addEventListener("hashchange", guarded(async () => {
  say("");
  await refresh();
}));

if (show()) guarded(enter)();
