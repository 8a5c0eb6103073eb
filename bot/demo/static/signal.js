// A telephone with Signal: plain messages only, which can be quoted, changed, deleted and reacted to.

import { $, button, element, icon, language } from "./dom.js";
import { Telephone } from "./telephone.js";

const SHOWN = 1000;
// Characters of a message that Signal shows before "Read more" (Android; 800 on a computer).
const TYPING = 15000;
// Milliseconds after which Signal no longer believes that somebody is still typing.

export class SignalTelephone extends Telephone {
  labels = [...this.labels, [".ring", "call"], [".about-message button", "cancel"]];
  ticks = { 1: ["circle", "sent"], 2: ["circles", "delivered"], 3: ["circles-filled", "read"] };
  about = null;
  types = false;
  unfolded = new Set();

  constructor(who, choose) {
    super(who, choose);
    this.place.classList.add("on-signal");
    $(".menu", this.place).remove();
    $(".ring", this.place).hidden = false;
    $(".ring", this.place).addEventListener("click", () => this.act("calls"));
    $(".about-message button", this.place).addEventListener("click", () => this.writeAbout(null));
    this.listen();
  }

  listen() {
    super.listen();
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.about) this.writeAbout(null);
    });
  }

  // What people do

  async write(text) {
    const about = this.about;
    this.writeAbout(null);
    const went = about?.edits
      ? await this.act("edits", { message: about.id, text })
      : await this.act("writes", about ? { text, quote: about.id } : { text });
    if (!went) this.writeAbout(about);
    return went;
  }

  // The next text answers a message, or takes its place.
  writeAbout(about) {
    if (this.about?.edits && !about) this.field.value = "";
    this.about = about;
    const bar = $(".about-message", this.place);
    bar.hidden = !about;
    if (!about) return;
    $("strong", bar).textContent = about.edits ? this.words.editing : this.words.replying;
    $("span", bar).textContent = about.plain;
    if (about.edits) this.field.value = about.plain;
    this.field.focus();
  }

  async begin() {
    if (this.phone.offline && !this.phone.blocked) await this.act("comes_online");
    return super.begin();
  }

  // What the server tells

  show(phone) {
    super.show(phone);
    this.typing(phone.typing && !phone.offline);
  }

  typing(types) {
    const dots = $(".typing", this.place);
    dots.setAttribute("aria-label", this.words.typing);
    if (types === this.types) return;
    this.types = types;
    dots.hidden = !types;
    clearTimeout(this.stops);
    if (types) this.stops = setTimeout(() => { dots.hidden = true; }, TYPING);
  }

  screen(phone, words) {
    super.screen(phone, words);
    $(".bot-kind", this.place).textContent = phone.offline ? words.isOffline : phone.timer ? `⏱ ${words.timer}` : "";
    this.field.placeholder = words.field;
  }

  insteadOfWriting(phone, words) {
    return super.insteadOfWriting(phone, words) || (phone.offline ? words.online : "");
  }

  more(phone, words) {
    return [
      phone.offline ? [words.online, "", () => this.act("comes_online")] : [words.offline, "", () => this.act("goes_offline")],
      [phone.timer ? words.timerOff : words.timerOn, "", () => this.act("sets_timer", { on: !phone.timer })],
    ];
  }

  introduction(phone, words) {
    return [element("span", { class: "avatar" }), element("strong", {}, phone.bot), element("p", {}, phone.description), element("p", { class: "first" }, words.first)];
  }

  // Messages

  drawn(id, message) {
    const made = super.drawn(id, message);
    const bubble = $(".bubble", made);
    if (message.quote) bubble.prepend(this.quote(message.quote));
    const line = element("div", { class: "line" });
    bubble.before(line);
    line.append(bubble, ...(message.deleted ? [] : [this.actions(id, message)]));
    if (message.reactions.length) made.append(element("p", { class: "reactions", "aria-label": `${this.words.react}: ${message.reactions.join(" ")}` }, message.reactions.join(" ")));
    return made;
  }

  quote(quote) {
    const who = quote.mine ? this.words.you : this.phone.bot;
    return element("blockquote", { class: "quote", lang: language(quote.plain) }, element("strong", {}, who), element("span", {}, quote.plain));
  }

  text(id, message) {
    if (message.deleted) return [element("em", {}, message.mine ? this.words.deletedMine : this.words.deletedTheirs)];
    if (this.unfolded.has(id) || message.plain.length <= SHOWN) return super.text(id, message);
    const more = button(this.words.readMore, () => {
      this.unfolded.add(id);
      this.exchange(this.messages.get(id), this.messages.set(id, this.drawn(id, message)).get(id));
    }, { class: "read-more", lang: this.phone.language });
    return [...this.nodes(cut(message.body, SHOWN)), "… ", more];
  }

  actions(id, message) {
    const made = button("", () => {}, { class: "icon actions", "aria-label": this.words.actions, "aria-expanded": "false", "data-place": "actions" });
    made.append(icon("more"));
    this.opens(made, ".message-sheet", () => this.fill(".message-sheet", this.choices(id, message)));
    return made;
  }

  choices(id, message) {
    const { words } = this;
    const reply = [`↩ ${words.reply}`, "", () => this.writeAbout({ id, plain: message.plain })];
    if (!message.mine) {
      const reactions = this.phone.emojis.map((emoji) => [`${emoji} ${message.reacted === emoji ? words.takeBack : words.react}`, "", () => this.act("reacts", { message: id, emoji })]);
      return [...reactions, reply];
    }
    const edit = message.thing || message.document ? [] : [[`✎ ${words.edit}`, "", () => this.writeAbout({ id, plain: message.plain, edits: true })]];
    return [reply, ...edit, [`🗑 ${words.remove}`, "", () => this.act("deletes", { message: id })]];
  }

  empty() {
    super.empty();
    this.unfolded.clear();
    this.writeAbout(null);
  }
}

// Return the beginning of a tree of nodes: as many characters of text.
function cut(tree, characters) {
  let left = characters;
  const within = (nodes) => {
    const kept = [];
    for (const node of nodes) {
      if (left <= 0) break;
      if (typeof node === "string") {
        kept.push(node.slice(0, left));
        left -= node.length;
      } else kept.push({ ...node, children: within(node.children) });
    }
    return kept;
  };
  return within(tree);
}
