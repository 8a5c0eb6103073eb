// The whole demo. All state is the server's: it arrives in named parts over /events, and every part can be drawn anew.
//
//   demo                 the bot's state and the weather
//   phone/<who>          what one telephone shows besides its messages
//   strip/<who>          what just happened there
//   message/<who>/<id>   one message
//
// Text that somebody wrote arrives as a tree of plain nodes and becomes DOM nodes; no HTML is ever parsed here.

import { $, act } from "./dom.js";
import { SignalTelephone } from "./signal.js";
import { TelegramTelephone } from "./telegram.js";

const KINDS = { Signal: SignalTelephone, Telegram: TelegramTelephone };
const STATES = { running: "The bot is running", starting: "The bot is starting …", restarting: "The bot is restarting …", stopped: "The bot has ended" };

const telephones = new Map();
let current = sessionStorage.getItem("telephone");
let demo = null;

function choose(who) {
  current = who;
  sessionStorage.setItem("telephone", who);
  for (const [each, telephone] of telephones) {
    telephone.place.classList.toggle("current", each === who);
    telephone.tab.setAttribute("aria-current", String(each === who));
  }
  telephones.get(who).tab.classList.remove("unread");
  telephones.get(who).toEnd(false);
}

function showDemo(state) {
  demo = state;
  for (const [who, messenger] of state.telephones) {
    if (!telephones.has(who)) telephones.set(who, new KINDS[messenger](who, choose));
  }
  if (!telephones.has(current)) [[current]] = state.telephones;
  document.body.dataset.bot = state.bot.state;
  $("#bot-state").textContent = STATES[state.bot.state] + (state.bot.said ? `: ${state.bot.said}` : "");
  $("#network").setAttribute("aria-pressed", String(state.network_gone));
  $("#captcha").setAttribute("aria-disabled", String(Boolean(state.captcha)));
  $("#daemon").classList.toggle("gone", !state.signal_cli_runs);
  $("#daemon").textContent = state.signal_cli_runs ? "signal-cli dies" : "Start signal-cli again";
  $(".riddle").hidden = !state.captcha;
  $("#solution").textContent = state.captcha;
  countDown();
}

function countDown() {
  const left = Math.ceil(demo.slow_until - Date.now() / 1000);
  const slow = $("#slow-down");
  slow.classList.toggle("counting", left > 0);
  slow.textContent = left > 0 ? `Slow down: ${left} s left` : "Telegram says slow down";
}

function show(parts) {
  if (parts.demo) showDemo(parts.demo);
  const names = Object.keys(parts).sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  for (const kind of ["phone", "message", "strip"]) {
    for (const name of names) {
      const [what, who, id] = name.split("/");
      if (what !== kind) continue;
      const telephone = telephones.get(who);
      if (kind === "phone") telephone.show(parts[name]);
      else if (kind === "strip") telephone.strip(parts[name]);
      else telephone.message(id, parts[name]);
    }
  }
}

function begin(parts) {
  for (const telephone of telephones.values()) telephone.empty();
  show(parts);
  for (const telephone of telephones.values()) telephone.begun();
  choose(current);
  document.body.dataset.ready = "yes";
}

$("#restart").addEventListener("click", async () => {
  $("#restart").setAttribute("aria-disabled", "true");
  await act("/bot/restart", {}, telephones.get(current));
  $("#restart").removeAttribute("aria-disabled");
});
$("#slow-down").addEventListener("click", () => act("/telegram/slow-down", {}, telephones.get(current)));
$("#network").addEventListener("click", () => act("/telegram/network", { gone: !demo?.network_gone }, telephones.get(current)));
$("#captcha").addEventListener("click", () => act("/signal/captcha", {}, telephones.get(current)));
$("#daemon").addEventListener("click", () => act("/signal/daemon", { runs: !demo?.signal_cli_runs }, telephones.get(current)));
$("#solve").addEventListener("click", () => {
  choose("office");
  const { field } = telephones.get("office");
  field.value = demo.captcha;
  field.focus();
});
$("#again").addEventListener("click", () => {
  if (confirm("Forget everything that was said and stored in this demo?")) act("/again", {}, telephones.get(current));
});
document.addEventListener("click", (event) => {
  for (const telephone of telephones.values()) {
    if (!event.target.closest(".sheet, [aria-expanded]") || !telephone.place.contains(event.target)) telephone.closeSheets(false);
  }
});
setInterval(() => demo && countDown(), 250);
if (matchMedia("(max-width: 46rem)").matches) $("#about").open = false;

const events = new EventSource("/events");
events.addEventListener("snapshot", (event) => begin(JSON.parse(event.data)));
events.addEventListener("changes", (event) => show(JSON.parse(event.data)));
events.addEventListener("error", () => {
  document.body.dataset.bot = "gone";
  $("#bot-state").textContent = "The demo has ended, or this page has lost it. Waiting …";
});
