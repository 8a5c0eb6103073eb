// A telephone with Telegram: a start button, commands, buttons under messages, toasts and alerts.

import { $, button, element, icon, language } from "./dom.js";
import { Telephone } from "./telephone.js";

export class TelegramTelephone extends Telephone {
  sheets = [...this.sheets, [".menu", ".commands"]];
  labels = [...this.labels, [".menu", "menu"]];
  ticks = { 1: ["sent", "sent"], 2: ["read", "read"] };
  heardToasts = null;

  constructor(who, choose) {
    super(who, choose);
    this.place.classList.add("on-telegram");
    $(".alert button", this.place).addEventListener("click", () => this.closeAlert());
    this.listen();
  }

  async begin() {
    if (!this.phone.blocked) await this.act("writes", { text: "/start" });
    return super.begin();
  }

  show(phone) {
    super.show(phone);
    this.waiting();
    this.toasts(phone.toasts);
  }

  screen(phone, words) {
    super.screen(phone, words);
    $(".bot-kind", this.place).textContent = words.bot;
    this.field.placeholder = words.field;
    $(".menu span", this.place).textContent = words.menu;
    $(".menu", this.place).hidden = !phone.commands.length;
  }

  insteadOfWriting(phone, words) {
    return super.insteadOfWriting(phone, words) || (phone.untouched && !this.messages.size ? words.begin : "");
  }

  entries(phone, words) {
    super.entries(phone, words);
    this.fill(".commands", phone.commands.map(([command, what]) => [what, `/${command}`, () => this.act("writes", { text: `/${command}` })]));
  }

  // Messages

  drawn(id, message) {
    const made = super.drawn(id, message);
    if (message.buttons.length) {
      made.classList.add("keyed");
      made.append(this.keys(id, message.buttons));
    }
    return made;
  }

  link(node, children) {
    if (!node.writes) return super.link(node, children);
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
        this.act("presses", { message: id, data: key.data }).then((went) => went || made.classList.remove("waiting"));
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

  // What the bot says without a message

  toasts(toasts) {
    const before = Math.min(this.heardToasts ?? toasts.length, toasts.length);
    this.heardToasts = toasts.length;
    for (const toast of toasts.slice(before)) {
      if (toast.alert) this.alert(toast.text);
      else this.say(toast.text);
    }
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

  empty() {
    super.empty();
    this.heardToasts = null;
  }

  begun() {
    super.begun();
    this.waiting();
  }
}
