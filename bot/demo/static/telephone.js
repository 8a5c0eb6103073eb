// One telephone, whatever its messenger is: a chat, a field to write in, and lists that open.

import { $, act, button, element, icon, language } from "./dom.js";
import { THINGS, WORDS } from "./words.js";

const TAGS = new Set(["b", "i", "u", "s", "code", "pre", "blockquote"]);

export class Telephone {
  sheets = [[".attach", ".attachments"], [".more", ".more-sheet"]];
  labels = [["textarea", "field"], [".send", "send"], [".attach", "attach"], [".more", "more"], [".to-end", "end"]];

  constructor(who, choose) {
    this.who = who;
    this.messages = new Map();
    this.place = $("#place").content.cloneNode(true).firstElementChild;
    this.place.id = who;
    this.chat = $(".chat", this.place);
    this.talk = $(".talk", this.place);
    this.field = $("textarea", this.place);
    $("main").append(this.place);
    this.tab = button("", () => choose(who), { "aria-controls": who });
    $(".tabs").append(this.tab);
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
    $(".to-end", this.place).addEventListener("click", () => this.toEnd(true));
    this.chat.addEventListener("scroll", () => this.look(), { passive: true });
    new ResizeObserver(() => this.wasAtEnd && this.toEnd(false)).observe(this.chat);
    for (const [opener, list] of this.sheets) this.opens($(opener, this.place), list);
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closeSheets(true);
    });
  }

  // Lists that open

  opens(opener, list, fill = () => {}) {
    opener.addEventListener("click", () => {
      const open = opener.getAttribute("aria-expanded") !== "true";
      this.closeSheets(false);
      if (open) fill();
      $(list, this.place).hidden = !open;
      opener.setAttribute("aria-expanded", String(open));
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

  // What people do

  async send() {
    const text = this.field.value;
    if (!text.trim()) return;
    this.field.value = "";
    this.toEnd(false);
    if (!(await this.write(text)) && !this.field.value) this.field.value = text;
  }

  write(text) {
    return this.act("writes", { text });
  }

  async begin() {
    if (this.phone.blocked) await this.act("unblocks");
    this.chat.focus();
  }

  // What the server tells

  show(phone) {
    const words = WORDS[phone.language] ?? WORDS.en;
    this.words = words;
    this.phone = phone;
    $(".name", this.place).textContent = phone.name;
    $(".role", this.place).textContent = phone.role;
    $(".messenger", this.place).textContent = phone.messenger;
    this.place.setAttribute("aria-label", `${phone.name}, ${phone.role}, ${phone.messenger}`);
    $(".strip", this.place).setAttribute("aria-label", `What just happened: ${phone.name}`);
    this.tab.replaceChildren(phone.name, element("small", {}, phone.messenger));
    this.screen(phone, words);
    this.entries(phone, words);
    this.card();
  }

  screen(phone, words) {
    const telephone = $(".telephone", this.place);
    telephone.lang = phone.language;
    $(".bot-name", this.place).textContent = phone.bot;
    this.chat.setAttribute("aria-label", `${words.chat}: ${phone.name} – ${phone.bot}`);
    const instead = this.insteadOfWriting(phone, words);
    $(".composer", this.place).hidden = Boolean(instead);
    $(".begin", this.place).hidden = !instead;
    $(".begin", this.place).textContent = instead;
    for (const [selector, word] of this.labels) $(selector, this.place).setAttribute("aria-label", words[word]);
  }

  insteadOfWriting(phone, words) {
    return phone.blocked ? words.unblock : "";
  }

  entries(phone, words) {
    this.fill(".attachments", phone.attachments.map((kind) => [`${THINGS[kind] ?? "📎"} ${words[kind] ?? kind}`, "", () => this.act("sends", { kind })]));
    const invitation = phone.invitable ? [[words.invitation, "", () => this.act("invitation")]] : [];
    this.fill(".more-sheet", [
      ...invitation,
      ...this.more(phone, words),
      phone.blocked ? [words.unblock, "", () => this.act("unblocks")] : [words.block, "", () => this.act("blocks")],
    ]);
  }

  more() {
    return [];
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
      card.append(...this.introduction(phone, words));
    } else return;
    this.talk.append(card);
  }

  introduction(phone, words) {
    return [element("strong", {}, words.about), phone.description];
  }

  // Messages

  message(id, message) {
    const old = this.messages.get(id);
    if (!message) {
      old?.remove();
      this.messages.delete(id);
      if (!this.messages.size) this.forget();
      return;
    }
    const below = this.atEnd();
    const made = this.drawn(id, message);
    this.messages.set(id, made);
    if (old) {
      this.exchange(old, made);
    } else {
      this.insert(made);
      if (!message.mine && !this.place.classList.contains("current")) this.tab.classList.add("unread");
    }
    if (below || (message.mine && !old)) this.toEnd(false);
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
    const same = [...made.querySelectorAll("[data-place]")].find((each) => each.dataset.place === focused.dataset.place);
    (same ?? made).focus({ preventScroll: true });
  }

  drawn(id, message) {
    const date = new Date(message.at * 1000);
    const made = element("article", {
      class: `message new ${message.mine ? "mine" : "theirs"}`,
      "data-id": id, tabindex: "-1", lang: language(message.plain),
      "data-day": date.toLocaleDateString(this.words.locale, { day: "numeric", month: "long" }),
      "aria-label": message.mine ? this.words.you : this.phone.bot,
    });
    made.append(this.bubble(id, message, this.meta(message, date)));
    return made;
  }

  bubble(id, message, meta) {
    const bubble = element("div", { class: "bubble" });
    if (message.thing) bubble.append(this.thing(message.thing));
    if (message.document) bubble.append(this.file(message.document));
    const space = meta.cloneNode(true);          // keeps the place free in which the time stands
    space.classList.add("space");
    space.setAttribute("aria-hidden", "true");
    const text = this.text(id, message);
    if (text.length) bubble.append(element("div", { class: "text" }, ...text, space));
    else bubble.append(space);
    bubble.append(meta);
    return bubble;
  }

  text(_, message) {
    return this.nodes(message.body);
  }

  meta(message, date) {
    const meta = element("span", { class: "meta", lang: this.phone.language });
    if (message.edited) meta.append(this.words.edited, " ");
    meta.append(element("time", { datetime: date.toISOString() }, date.toLocaleTimeString(this.words.locale, { hour: "2-digit", minute: "2-digit" })));
    if (message.ticks) {
      const [picture, word] = this.ticks[message.ticks];
      const tick = element("span", { class: "tick", role: "img", "data-ticks": message.ticks, "aria-label": this.words[word] });
      tick.append(icon(picture));
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
    return element("a", { href: node.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
  }

  // Beside the chat

  say(text) {
    const toast = element("p", { lang: language(text) }, text);
    $(".toast", this.place).append(toast);
    setTimeout(() => toast.remove(), 4500);
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
    this.wasAtEnd = end.hidden;
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
    this.talk.replaceChildren();
  }

  begun() {
    this.talk.querySelectorAll(".new").forEach((message) => message.classList.remove("new"));
    this.card();
    this.toEnd(false);
    this.tab.classList.remove("unread");
  }
}
