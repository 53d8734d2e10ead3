// Sliders beside the figures of a what-if. While one moves, the server scores the firm's own figures; when it rests, the
// form asks once for places among peers, which are counted. The page works without: it has fields and a button.
const MOVING = 120;
const REST = 1000;
const form = document.querySelector("form[data-what-if]");
const result = document.getElementById("result");
const now = form.querySelector(".what-if-now"); // where the result lies below the sliders: what it says, in sight
const timers = { live: 0, ask: 0 };
let running = null;

const number = (text) => Number(text.replace(/[,，\s]/g, "") || NaN);

function facts(row) {
  const option = row.querySelector("select").selectedOptions[0];
  return option && option.value ? option.dataset : null;
}

function fit(row, fresh) {
  const [field, slide] = [row.querySelector("input[name=value]"), row.querySelector("input[type=range]")];
  const fact = facts(row);
  slide.parentElement.hidden = !fact;
  if (!fact) {
    if (fresh) field.value = "";
    return;
  }
  if (fresh) field.value = fact.now || "0";
  slide.min = fact.bottom;
  slide.max = Math.max(Number(fact.top), number(field.value) || 0);
  slide.step = fact.step;
  if (!Number.isNaN(number(field.value))) slide.value = number(field.value);
  slide.setAttribute("aria-valuetext", `${field.value} ${fact.unit}`);
}

async function live() {
  running?.abort();
  running = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  body.set("live", "1");
  try {
    const answer = await fetch(form.dataset.whatIf, {
      method: "POST", body, credentials: "same-origin", headers: { "HX-Request": "true" }, signal: running.signal,
    });
    if (answer.ok) result.innerHTML = await answer.text();
  } catch {
    // a newer question is on its way, or the network is away: the button still asks
  }
}

function ask() {
  running?.abort();
  result.setAttribute("aria-busy", "false");
  form.requestSubmit(form.querySelector("[data-ask]"));
}

function later(name, wait, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, wait);
}

form.addEventListener("input", (event) => {
  const row = event.target.closest(".what-if-row");
  if (!row) return;
  const field = row.querySelector("input[name=value]");
  if (event.target.type === "range") field.value = event.target.value;
  fit(row, event.target.tagName === "SELECT");
  result.setAttribute("aria-busy", "true");
  clearTimeout(timers.ask);
  later("live", MOVING, live);
});
new MutationObserver(() => {
  const figures = [...result.querySelectorAll(".figures > div")].slice(0, 2);
  now.textContent = figures.map((figure) => figure.innerText.replace(/\s+/g, " ")).join("；");
  now.hidden = figures.length === 0;
}).observe(result, { childList: true });
form.addEventListener("change", (event) => {
  if (event.target.closest(".what-if-row")) later("ask", REST, ask);
});
form.addEventListener("submit", () => Object.values(timers).forEach(clearTimeout));
form.querySelectorAll(".what-if-row").forEach((row) => fit(row, false));
