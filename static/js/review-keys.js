// Keys of the review page: j and k walk the items, 1 accepts, 2 opens the return, n the note. They can be switched off.
const toggle = document.querySelector("[data-keys-toggle]");
const items = [...document.querySelectorAll("[data-review-item]")];
const KEY = "innovscore.review-keys";
let off = false;
try {
  off = localStorage.getItem(KEY) === "off";
} catch {
  off = false;
}

function label() {
  if (!toggle) return;
  toggle.hidden = false;
  toggle.setAttribute("aria-pressed", String(!off));
  toggle.textContent = off ? toggle.dataset.off : toggle.dataset.on;
}

toggle?.addEventListener("click", () => {
  off = !off;
  try {
    localStorage.setItem(KEY, off ? "off" : "on");
  } catch {
    // kept for this page only
  }
  label();
});

const current = () => items.findIndex((item) => item.contains(document.activeElement));

function go(step) {
  const at = current();
  const next = items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "start" });
}

function act(name) {
  const item = items[current()];
  const button = item?.querySelector(`[data-key="${name}"]`);
  if (!button) return;
  if (button.tagName === "DETAILS") {
    button.open = true;
    button.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  } else {
    button.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const keys = { j: () => go(1), k: () => go(-1), 1: () => act("accept"), 2: () => act("return"), n: () => act("note") };
  const run = keys[event.key];
  if (run) {
    event.preventDefault();
    run();
  }
});
label();
document.getElementById("error-summary")?.focus();
