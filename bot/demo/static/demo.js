// Draws the telephones. All state is the server's: it arrives in named parts over /events, and every part can be drawn anew.
//
//   demo                 the bot's state and the weather
//   phone/<who>          what one telephone shows besides its messages
//   strip/<who>          what just happened there
//   message/<who>/<id>   one message
//
// Text that somebody wrote arrives as a tree of plain nodes and becomes DOM nodes; no HTML is ever parsed here.

const WORDS = {
  uk: {
    locale: "uk-UA", bot: "бот", menu: "Меню", field: "Повідомлення", send: "Надіслати", attach: "Додати", begin: "РОЗПОЧАТИ", more: "Ще",
    end: "До останнього повідомлення", edited: "змінено", chat: "Розмова", sent: "надіслано", read: "прочитано", you: "Ви", attachment: "Вкладення",
    photo: "Фото", voice: "Голосове повідомлення", sticker: "Наліпка", location: "Місце", document: "Файл", contact: "Контакт", video: "Відео", block: "Заблокувати бота",
    unblock: "Розблокувати бота", about: "Що вміє цей бот?", invitation: "Відкрити запрошення", invited: "Вас запрошено до команди.",
  },
  de: {
    locale: "de-DE", bot: "Bot", menu: "Menü", field: "Nachricht", send: "Senden", attach: "Anhängen", begin: "STARTEN", more: "Mehr",
    end: "Zur neuesten Nachricht", edited: "bearbeitet", chat: "Gespräch", sent: "gesendet", read: "gelesen", you: "Sie", attachment: "Anhang",
    photo: "Foto", voice: "Sprachnachricht", sticker: "Sticker", location: "Standort", document: "Datei", contact: "Kontakt", video: "Video", block: "Bot blockieren",
    unblock: "Bot entsperren", about: "Was kann dieser Bot?", invitation: "Einladung öffnen", invited: "Sie sind ins Team eingeladen.",
  },
  en: {
    locale: "en-GB", bot: "bot", menu: "Menu", field: "Message", send: "Send", attach: "Attach", begin: "START", more: "More",
    end: "To the newest message", edited: "edited", chat: "Chat", sent: "sent", read: "read", you: "You", attachment: "Attachment",
    photo: "Photo", voice: "Voice message", sticker: "Sticker", location: "Location", document: "File", contact: "Contact", video: "Video", block: "Block the bot",
    unblock: "Unblock the bot", about: "What can this bot do?", invitation: "Open the invitation", invited: "You are invited to the team.",
  },
};
const THINGS = { photo: "🖼️", voice: "🎤", sticker: "🌻", location: "📍", document: "📄", contact: "👤", video: "🎬" };
const STATES = { running: "The bot is running", starting: "The bot is starting …", restarting: "The bot is restarting …", stopped: "The bot has ended" };
const TAGS = new Set(["b", "i", "u", "s", "code", "pre", "blockquote", "spoiler"]);

const $ = (selector, within = document) => within.querySelector(selector);
const telephones = new Map();
let current = sessionStorage.getItem("telephone");
let botName = "";
let demo = null;

// Building

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

function button(label, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", press);
  return made;
}

const language = (text) => (/[а-яіїєґ]/i.test(text) ? "uk" : null);

// Acting

async function act(path, body, telephone) {
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}), signal: AbortSignal.timeout(30000),
    });
    if (answer.ok) return true;
    telephone?.say((await answer.text()) || answer.statusText);
  } catch {
    telephone?.say("The demo does not answer. Is it still running in the terminal?");
  }
  return false;
}

// One telephone

class Telephone {
  constructor(who, number) {
    this.who = who;
    this.messages = new Map();
    this.heardToasts = null;
    this.unseen = false;
    this.place = $("#place").content.cloneNode(true).firstElementChild;
    this.place.id = who;
    this.chat = $(".chat", this.place);
    this.talk = $(".talk", this.place);
    this.field = $("textarea", this.place);
    $("main").append(this.place);
    this.tab = button("", () => choose(who), { "aria-controls": who });
    $(".tabs").append(this.tab);
    this.number = number;
    this.listen();
  }

  act(action, body) {
    return act(`/telephones/${this.who}/${action}`, body, this);
  }

  listen() {
    $(".composer", this.place).addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    $(".begin", this.place).addEventListener("click", () => this.begin());
    $(".alert button", this.place).addEventListener("click", () => this.closeAlert());
    $(".to-end", this.place).addEventListener("click", () => this.toEnd(true));
    this.chat.addEventListener("scroll", () => this.look(), { passive: true });
    this.sheet(".menu", ".commands");
    this.sheet(".attach", ".attachments");
    this.sheet(".more", ".more-sheet");
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closeSheets(true);
    });
  }

  sheet(opener, list) {
    const opens = $(opener, this.place);
    opens.addEventListener("click", () => {
      const open = $(list, this.place).hidden;
      this.closeSheets(false);
      $(list, this.place).hidden = !open;
      opens.setAttribute("aria-expanded", String(open));
      if (open) $(`${list} button`, this.place)?.focus();
    });
  }

  closeSheets(giveBack) {
    for (const opener of this.place.querySelectorAll('[aria-expanded="true"]')) {
      opener.setAttribute("aria-expanded", "false");
      if (giveBack) opener.focus();
    }
    for (const list of this.place.querySelectorAll(".sheet")) list.hidden = true;
  }

  fill(list, entries) {
    const items = entries.map(([label, detail, press]) => {
      const made = button(label, () => {
        this.closeSheets(true);
        press();
      });
      if (detail) made.append(element("b", {}, detail));
      return element("li", {}, made);
    });
    $(list, this.place).replaceChildren(...items);
  }

  async send() {
    const text = this.field.value;
    if (!text.trim()) return;
    this.field.value = "";
    this.toEnd(false);
    if (!(await this.act("writes", { text })) && !this.field.value) this.field.value = text;
  }

  async begin() {
    if (this.phone.blocked) await this.act("unblocks");
    else await this.act("writes", { text: "/start" });
    this.chat.focus();
  }

  // What the server tells

  show(phone) {
    const words = WORDS[phone.language] ?? WORDS.en;
    this.words = words;
    this.phone = phone;
    $(".name", this.place).textContent = phone.name;
    $(".role", this.place).textContent = phone.role;
    this.place.setAttribute("aria-label", `${phone.name}, ${phone.role}`);
    $(".strip", this.place).setAttribute("aria-label", `What just happened: ${phone.name}`);
    this.tab.textContent = phone.name;
    this.screen(phone, words);
    this.sheets(phone, words);
    this.card();
    this.waiting();
    this.toasts(phone.toasts);
  }

  screen(phone, words) {
    const telephone = $(".telephone", this.place);
    telephone.lang = phone.language;
    $(".bot-name", this.place).textContent = phone.bot;
    $(".bot-kind", this.place).textContent = words.bot;
    this.chat.setAttribute("aria-label", `${words.chat}: ${phone.name} – ${phone.bot}`);
    const fresh = phone.untouched && !this.messages.size;
    $(".composer", this.place).hidden = fresh || phone.blocked;
    $(".begin", this.place).hidden = !fresh && !phone.blocked;
    $(".begin", this.place).textContent = phone.blocked ? words.unblock : words.begin;
    this.field.placeholder = words.field;
    for (const [selector, word] of [["textarea", "field"], [".send", "send"], [".attach", "attach"], [".menu", "menu"], [".more", "more"], [".to-end", "end"]]) {
      $(selector, this.place).setAttribute("aria-label", words[word]);
    }
    $(".menu span", this.place).textContent = words.menu;
    $(".menu", this.place).hidden = !phone.commands.length;
  }

  sheets(phone, words) {
    this.fill(".commands", phone.commands.map(([command, what]) => [what, `/${command}`, () => this.act("writes", { text: `/${command}` })]));
    this.fill(".attachments", phone.attachments.map((kind) => [`${THINGS[kind] ?? "📎"} ${words[kind] ?? kind}`, "", () => this.act("sends", { kind })]));
    const invitation = phone.invitable ? [[words.invitation, "", () => this.act("invitation")]] : [];
    this.fill(".more-sheet", [
      ...invitation,
      phone.blocked ? [words.unblock, "", () => this.act("unblocks")] : [words.block, "", () => this.act("blocks")],
    ]);
  }

  // The card in the middle of a chat in which nothing was said yet

  card() {
    $(".card", this.place)?.remove();
    if (this.messages.size) return;
    const { phone, words } = this;
    const card = element("div", { class: "card" });
    if (phone.invitable) {
      const open = button(words.invitation, async () => {
        open.disabled = true;
        await this.act("invitation");
        open.disabled = false;
      });
      card.append(element("strong", {}, words.invited), open);
    } else if (phone.description) {
      card.append(element("strong", {}, words.about), phone.description);
    } else return;
    this.talk.append(card);
  }

  message(id, message) {
    const old = this.messages.get(id);
    if (!message) {
      old?.remove();
      this.messages.delete(id);
      if (!this.messages.size) this.forget();
      return;
    }
    const below = this.atEnd();
    const made = this.bubble(id, message);
    this.messages.set(id, made);
    if (old) {
      this.exchange(old, made);
    } else {
      this.insert(made);
      if (!message.mine && this.who !== current) this.tab.classList.add("unread");
    }
    if (below || message.mine) this.toEnd(false);
    else if (!old) $(".to-end", this.place).classList.add("unread");
  }

  insert(made) {
    if (!this.messages.size || this.messages.size === 1) this.screen(this.phone, this.words);
    $(".card", this.place)?.remove();
    const later = [...this.talk.querySelectorAll(".message")].find((each) => Number(each.dataset.id) > Number(made.dataset.id));
    if (later) later.before(made);
    else this.talk.append(made);
    if (!$(".day", this.talk)) this.talk.prepend(element("p", { class: "day" }, made.dataset.day));
  }

  // A message drawn anew keeps the focus: on the same button if it is still there, else where the button was.
  exchange(old, made) {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    made.classList.remove("new");
    old.replaceWith(made);
    if (!focused) return;
    const same = [...made.querySelectorAll(".key")].find((key) => key.dataset.place === focused.dataset.place);
    (same ?? made).focus({ preventScroll: true });
  }

  bubble(id, message) {
    const date = new Date(message.at * 1000);
    const made = element("article", {
      class: `message new ${message.mine ? "mine" : "theirs"}${message.buttons.length ? " keyed" : ""}`,
      "data-id": id, tabindex: "-1", lang: language(message.plain),
      "data-day": date.toLocaleDateString(this.words.locale, { day: "numeric", month: "long" }),
      "aria-label": message.mine ? this.words.you : this.phone.bot,
    });
    const bubble = element("div", { class: "bubble" });
    if (message.thing) bubble.append(this.thing(message.thing));
    if (message.document) bubble.append(this.file(message.document));
    const meta = this.meta(message, date);
    const space = meta.cloneNode(true);          // keeps the place free in which the time stands
    space.classList.add("space");
    space.setAttribute("aria-hidden", "true");
    if (message.body.length) bubble.append(element("div", { class: "text" }, ...this.nodes(message.body), space));
    else bubble.append(space);
    bubble.append(meta);
    made.append(bubble);
    if (message.buttons.length) made.append(this.keys(id, message.buttons));
    return made;
  }

  meta(message, date) {
    const meta = element("span", { class: "meta", lang: this.phone.language });
    if (message.edited) meta.append(this.words.edited, " ");
    meta.append(element("time", { datetime: date.toISOString() }, date.toLocaleTimeString(this.words.locale, { hour: "2-digit", minute: "2-digit" })));
    if (message.ticks) {
      const tick = element("span", { class: "tick", role: "img", "data-ticks": message.ticks, "aria-label": message.ticks > 1 ? this.words.read : this.words.sent });
      tick.append(icon(message.ticks > 1 ? "read" : "sent"));
      meta.append(tick);
    }
    return meta;
  }

  thing(kind) {
    return element("div", { class: `media ${kind}` }, element("span", { class: "thing", "aria-hidden": "true" }, THINGS[kind] ?? "📎"), this.words[kind] ?? kind);
  }

  file(document) {
    const disc = element("span", { class: "disc", "aria-hidden": "true" }, icon("file"));
    const size = document.size < 1024 ? `${document.size} B` : `${(document.size / 1024).toFixed(1)} KB`;
    return element("a", { class: "file", href: document.address, download: document.name }, disc, element("span", { class: "label" }, element("strong", {}, document.name), element("span", {}, size)));
  }

  nodes(tree) {
    return tree.map((node) => {
      if (typeof node === "string") return node;
      const children = this.nodes(node.children);
      if (node.tag === "a") return this.link(node, children);
      if (node.tag === "spoiler") return element("span", { class: "spoiler", tabindex: "0" }, ...children);
      return TAGS.has(node.tag) ? element(node.tag, {}, ...children) : element("span", {}, ...children);
    });
  }

  link(node, children) {
    if (!node.writes) return element("a", { href: node.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
    const made = element("a", { href: "#", role: "button", class: node.writes.startsWith("/start ") ? null : "command" }, ...children);
    made.addEventListener("click", (event) => {
      event.preventDefault();
      this.act("writes", { text: node.writes });
    });
    return made;
  }

  keys(id, rows) {
    const keys = element("div", { class: "keys", role: "group" });
    rows.forEach((row, down) => {
      const line = element("div", { class: "row" });
      row.forEach((key, across) => line.append(this.key(id, key, `${down}.${across}`)));
      keys.append(line);
    });
    return keys;
  }

  key(id, key, place) {
    const attributes = { class: "key", "data-place": place, "data-key": key.data, lang: language(key.label) };
    if (key.href) {
      const link = element("a", { ...attributes, href: key.href, target: "_blank", rel: "noopener noreferrer" }, key.label);
      link.append(icon("link"));
      return link;
    }
    const made = button(key.label, () => {
      if (key.writes) {
        this.act("writes", { text: key.writes });
      } else if (!made.classList.contains("waiting")) {
        made.classList.add("waiting");
        this.act("presses", { message: Number(id), data: key.data }).then((went) => went || made.classList.remove("waiting"));
      }
    }, attributes);
    return made;
  }

  waiting() {
    const turning = new Set(this.phone.waiting.map(([id, data]) => `${id} ${data}`));
    for (const key of this.talk.querySelectorAll("button.key")) {
      const waits = turning.has(`${key.closest(".message").dataset.id} ${key.dataset.key}`);
      key.classList.toggle("waiting", waits);
      key.setAttribute("aria-busy", String(waits));
    }
  }

  toasts(toasts) {
    const before = Math.min(this.heardToasts ?? toasts.length, toasts.length);
    this.heardToasts = toasts.length;
    for (const toast of toasts.slice(before)) {
      if (toast.alert) this.alert(toast.text);
      else this.say(toast.text);
    }
  }

  say(text) {
    const toast = element("p", { lang: language(text) }, text);
    $(".toast", this.place).append(toast);
    setTimeout(() => toast.remove(), 4500);
  }

  alert(text) {
    const alert = $(".alert", this.place);
    $("p", alert).textContent = text;
    alert.setAttribute("aria-label", text);
    this.beforeAlert = document.activeElement;
    alert.hidden = false;
    $("button", alert).focus();
  }

  closeAlert() {
    $(".alert", this.place).hidden = true;
    this.beforeAlert?.focus();
  }

  strip(lines) {
    const items = lines.map((line) => element("li", { class: line.kind }, line.text));
    if (!items.length) items.push(element("li", { class: "nothing" }, "Nothing yet."));
    $(".strip ul", this.place).replaceChildren(...items);
  }

  // Where the chat stands

  atEnd() {
    return this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 80;
  }

  toEnd(smoothly) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.chat.scrollTo({ top: this.chat.scrollHeight, behavior: smoothly && !still ? "smooth" : "instant" });
    this.look();
  }

  look() {
    const end = $(".to-end", this.place);
    end.hidden = this.atEnd();
    if (end.hidden) end.classList.remove("unread");
  }

  // Everything was deleted: the chat looks as if nobody had ever written.
  forget() {
    this.talk.replaceChildren();
    this.screen(this.phone, this.words);
    this.card();
    this.look();
  }

  empty() {
    this.messages.clear();
    this.heardToasts = null;
    this.talk.replaceChildren();
  }
}

// The whole demo

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
  for (const who of state.telephones) {
    if (!telephones.has(who)) telephones.set(who, new Telephone(who, telephones.size));
  }
  if (!telephones.has(current)) current = state.telephones[0];
  document.body.dataset.bot = state.bot.state;
  $("#bot-state").textContent = STATES[state.bot.state] + (state.bot.said ? `: ${state.bot.said}` : "");
  $("#network").setAttribute("aria-pressed", String(state.network_gone));
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
  for (const telephone of telephones.values()) {
    telephone.talk.querySelectorAll(".new").forEach((message) => message.classList.remove("new"));
    telephone.card();
    telephone.waiting();
    telephone.toEnd(false);
    telephone.tab.classList.remove("unread");
  }
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
