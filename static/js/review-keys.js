// Keys of the review page: j and k walk the items, 1 accepts, 2 opens the return, 3 the adjustment, e goes to the evidence,
// n to the note. keys.js switches them off with those of the page.
const items = [...document.querySelectorAll("[data-review-item]")];

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
  if (!singleKey(event)) return;
  const keys = {
    j: () => go(1),
    k: () => go(-1),
    1: () => act("accept"),
    2: () => act("return"),
    3: () => act("adjust"),
    e: () => act("evidence"),
    n: () => act("note"),
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
// After a decision the address names the item to go on with: the keyboard goes there too.
const named = items.find((item) => location.hash === `#${item.id}`);
(document.getElementById("error-summary") ?? named)?.focus();
