// Keys of the review page: j and k walk the items, 1 accepts, 2 opens the return, 3 the adjustment, e goes to the evidence,
// n to the note; keys of the whole page are said by data-page-key. They can be switched off.
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

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest("[data-review-item]")) {
    event.target.closest("[data-review-item]").focus();
  }
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
    button.querySelector("select, textarea, input:not([type=hidden]), a")?.focus();
  } else if (button.tagName === "ASIDE") {
    button.focus();
  } else {
    button.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const keys = {
    j: () => go(1),
    k: () => go(-1),
    1: () => act("accept"),
    2: () => act("return"),
    3: () => act("adjust"),
    e: () => act("evidence"),
    n: () => act("note"),
  };
  const whole = document.querySelector(`[data-page-key="${CSS.escape(event.key)}"]`);
  const run = keys[event.key] ?? (whole && (() => whole.click()));
  if (run) {
    event.preventDefault();
    run();
  }
});
label();
// After a decision the address names the item to go on with: the keyboard goes there too.
const named = items.find((item) => location.hash === `#${item.id}`);
(document.getElementById("error-summary") ?? named)?.focus();
