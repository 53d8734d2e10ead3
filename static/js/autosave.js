// Keeps what is typed into the items of a declaration. One request at a time for an item; the server's version
// decides. Without network the drafts wait in this browser and are sent when it is back. Pages work without it.
const DELAY = 1500;
const SETTLE = 300;
const KEEP_MS = 72 * 3600 * 1000;
const line = document.querySelector("[data-save-status]");
const store = `innovscore.drafts.${line ? line.dataset.owner : ""}`;
const forms = [...document.querySelectorAll("form[data-autosave]")];
const say = (name, extra = "") => {
  if (line) line.textContent = `${line.dataset[name] || ""}${extra ? ` ${extra}` : ""}`;
};

function waiting() {
  try {
    const all = JSON.parse(localStorage.getItem(store) || "{}");
    const fresh = Object.entries(all).filter(([, draft]) => Date.now() - draft.at < KEEP_MS);
    return Object.fromEntries(fresh);
  } catch {
    return {};
  }
}

function keep(drafts) {
  try {
    if (Object.keys(drafts).length) localStorage.setItem(store, JSON.stringify(drafts));
    else localStorage.removeItem(store);
  } catch {
    say("refused");
  }
}

// Only the draft that was sent goes: a newer one for the same item may have come to wait meanwhile.
function drop(url, at) {
  const drafts = waiting();
  if (drafts[url]?.at === at) delete drafts[url];
  keep(drafts);
}

function fieldsOf(form) {
  const data = new FormData(form);
  for (const name of ["file", "act", "evidence", "slip_ok", "then", "csrfmiddlewaretoken"]) data.delete(name);
  return [...data.entries()];
}

function post(url, fields, token) {
  const body = new URLSearchParams(fields);
  body.set("csrfmiddlewaretoken", token);
  return fetch(url, { method: "POST", body, credentials: "same-origin", keepalive: true });
}

// Has the server decided about a draft? Else (session over, page too old, server down) it goes on waiting here.
function isSettled(answer) {
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  return isJson && (answer.ok || answer.status === 409 || answer.status === 422);
}

const states = new Map();

// While the panel asks whose value counts, the same question again would only take it from under the person's hand.
const isContested = (form) => Boolean(form.querySelector("[data-conflict]")?.firstElementChild);

async function send(form) {
  if (isContested(form)) return;
  const state = states.get(form);
  if (state.busy) {
    state.again = true;
    return;
  }
  state.busy = true;
  state.dirty = false;
  say("saving");
  const url = form.dataset.autosave;
  const fields = fieldsOf(form);
  try {
    const answer = await post(url, fields, form.elements.csrfmiddlewaretoken.value);
    await take(form, answer);
    const drafts = waiting();
    if (isSettled(answer)) delete drafts[url];
    else drafts[url] = { fields, at: Date.now() };
    keep(drafts);
  } catch {
    state.dirty = true;
    keep({ ...waiting(), [url]: { fields, at: Date.now() } });
    say("offline");
  } finally {
    state.busy = false;
    if (state.submitter !== undefined) {
      const submitter = state.submitter;
      state.submitter = undefined;
      form.requestSubmit(submitter || undefined);
    } else if (state.again) {
      state.again = false;
      send(form);
    }
  }
}

async function take(form, answer) {
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  if (!isJson) {
    say("refused");
    return;
  }
  const told = await answer.json();
  if (answer.ok) {
    const item = form.closest("[data-item]") || form;
    for (const field of item.querySelectorAll("input[name=version]")) field.value = told.version;
    const facts = form.querySelector("[data-facts]");
    if (facts) facts.innerHTML = told.facts;
    say("saved", told.saved_at);
    document.body.dispatchEvent(new CustomEvent("declaration-saved"));
  } else if (told.panel) {
    show(form, told.panel);
  } else {
    say("refused", told.message || "");
  }
}

function show(form, panel) {
  const spot = form.querySelector("[data-conflict]");
  spot.innerHTML = panel;
  const own = spot.querySelector("[data-use-mine]");
  own?.addEventListener("click", () => {
    form.elements.version.value = own.dataset.useMine;
  });
  form.closest("details")?.setAttribute("open", "");
  spot.firstElementChild.focus();
  say("conflict");
}

function watch(form) {
  const state = { timer: 0, busy: false, again: false, dirty: false, composing: false };
  states.set(form, state);
  const later = (event) => {
    if (!event.target.name || event.target.type === "file" || state.composing) return;
    if (["evidence", "then", "slip_ok"].includes(event.target.name)) return;
    state.dirty = true;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => send(form), event.type === "change" ? SETTLE : DELAY);
  };
  form.addEventListener("compositionstart", () => { state.composing = true; });
  form.addEventListener("compositionend", (event) => { state.composing = false; later(event); });
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // Saving waits for a draft that is on its way, so that it carries the version that the draft made.
  form.addEventListener("submit", (event) => {
    clearTimeout(state.timer);
    state.dirty = state.again = false;
    if (state.busy) {
      event.preventDefault();
      state.submitter = event.submitter;
    }
  });
}

// Drafts that waited for the network: sent with the newest version the page knows, else with the one they had.
async function resend() {
  const drafts = Object.entries(waiting());
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (!token) return;
  for (const [url, draft] of drafts) {
    const form = forms.find((one) => one.dataset.autosave === url);
    if (form && states.get(form).dirty) {
      await send(form);
      continue;
    }
    try {
      const answer = await post(url, draft.fields, token);
      if (form) await take(form, answer);
      if (!isSettled(answer)) return;
      drop(url, draft.at);
      if (answer.ok) {
        if (form) fill(form, draft.fields);
        say("resent");
      } else if (answer.status === 409) {
        say("conflict");
      }
    } catch {
      say("offline");
      return;
    }
  }
}

function fill(form, fields) {
  for (const [name, value] of fields) {
    const field = form.elements[name];
    if (field && !name.startsWith("entry_") && name !== "version" && "value" in field) field.value = value;
  }
}

forms.forEach(watch);
window.addEventListener("online", resend);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  for (const [form, state] of states) {
    if (state.dirty) {
      clearTimeout(state.timer);
      send(form);
    }
  }
});
window.addEventListener("beforeunload", (event) => {
  if ([...states.values()].some((state) => state.dirty || state.busy)) event.preventDefault();
});
document.querySelector("form[action$='/logout/']")?.addEventListener("submit", () => {
  try {
    localStorage.removeItem(store);
  } catch {
    // storage is switched off: nothing was kept
  }
});
document.getElementById("error-summary")?.focus();
resend();
