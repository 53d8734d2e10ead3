// Keys of the page: an element says its own by data-page-key ("/", "?", "g h" one after the other). A field gets the focus,
// anything else is clicked. All single keys of the platform can be switched off by any data-keys-toggle.
const KEPT = "innovscore.review-keys";
const toggles = [...document.querySelectorAll("[data-keys-toggle]")];
let keysAreOff = false;
let keyBefore = "";
try {
  keysAreOff = localStorage.getItem(KEPT) === "off";
} catch {
  keysAreOff = false;
}

function labelToggles() {
  for (const toggle of toggles) {
    toggle.hidden = false;
    toggle.setAttribute("aria-pressed", String(!keysAreOff));
    toggle.textContent = keysAreOff ? toggle.dataset.off : toggle.dataset.on;
  }
}

for (const toggle of toggles) {
  toggle.addEventListener("click", () => {
    keysAreOff = !keysAreOff;
    try {
      localStorage.setItem(KEPT, keysAreOff ? "off" : "on");
    } catch {
      // kept for this page only
    }
    labelToggles();
  });
}

// Whether a key pressed is meant for the page: not switched off, no text is being written, no other key is held.
globalThis.singleKey = (event) =>
  !(keysAreOff || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) &&
  !event.target.closest("input, textarea, select, [contenteditable]");

function elementOf(key) {
  const found = document.querySelectorAll(`[data-page-key="${CSS.escape(key)}"]`);
  return [...found].find((element) => element.getClientRects().length);
}

document.addEventListener("keydown", (event) => {
  if (!globalThis.singleKey(event)) return;
  const element = elementOf(`${keyBefore} ${event.key}`) ?? elementOf(event.key);
  keyBefore = event.key;
  if (!element) return;
  event.preventDefault();
  if (element.matches("input")) {
    element.select();
  } else {
    element.click();
  }
});
labelToggles();
