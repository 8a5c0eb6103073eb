// Builds what is drawn, and tells the demo what was done. No HTML is ever parsed here.

export const $ = (selector, within = document) => within.querySelector(selector);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function button(label, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", press);
  return made;
}

export const language = (text) => (/[а-яіїєґ]/i.test(text) ? "uk" : null);

// Acting

export async function act(path, body, telephone) {
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
